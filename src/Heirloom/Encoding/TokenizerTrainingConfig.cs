using Heirloom.Data;

namespace Heirloom.Encoding;

/// <summary>How a recipe asks for a tokenizer to be learned from its text: <c>kind: byte_level_bpe</c> and what else is found by reflection.</summary>
public abstract record TokenizerTrainingConfig : Kinded
{
    /// <summary>Learns from texts that are read once and need not fit in memory. The result depends on the texts alone, not on threads.</summary>
    /// <exception cref="UserError">There is no text, or the settings contradict each other.</exception>
    public abstract Tokenizer Train(IEnumerable<string> documents, WorkContext work);

    /// <inheritdoc cref="Train(IEnumerable{string}, WorkContext)"/>
    public Tokenizer Train(IDocumentSource source, WorkContext work) => Train(source.Read().Select(d => d.Text), work);

    /// <exception cref="UserError">A special token is empty.</exception>
    internal static void RequireCharacters(IReadOnlyList<string> special)
    {
        if (special.Any(string.IsNullOrEmpty))
        {
            throw new UserError("a special token is empty", "special_tokens", "give it characters");
        }
    }

    /// <exception cref="UserError">No words were counted.</exception>
    internal static void RequireText(IReadOnlyDictionary<string, long> words)
    {
        if (words.Count == 0)
        {
            throw new UserError("there is no text to learn a tokenizer from", "documents", "check the source and its filters");
        }
    }
}
