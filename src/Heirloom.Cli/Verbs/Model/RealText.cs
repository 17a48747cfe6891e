using System.Collections.Immutable;
using Heirloom.Checkpoints;
using Heirloom.Cli.Verbs.Tokenizers;
using Heirloom.Data;
using Heirloom.Encoding;
using Heirloom.Reuse.Growing;

namespace Heirloom.Cli.Verbs.Model;

/// <summary>A person's own text, in the tokens of a model, on which two models are compared.</summary>
internal sealed record RealText(IReadOnlyList<int[]> Documents, ImmutableSortedDictionary<string, string> Fingerprints)
{
    /// <summary>So much text is enough to compare models by.</summary>
    private const int MaxTokens = 16_384, Rows = 8;

    /// <summary>Reads the beginning of the files; text is refused before a model is loaded.</summary>
    /// <exception cref="UserError">A file is missing or no text, or the model reads no tokens.</exception>
    public static RealText Open(string[] files, string folder, ModelSize model, WorkContext work)
    {
        var rows = model.Vocabulary ?? throw new UserError("the model reads no tokens", "--data", "leave it out");
        var tokenizer = TokenizerFile.Load(folder).Unlimited();
        VocabularyCheck.Require(tokenizer.VocabularySize, rows, folder);
        files = [.. files.Distinct()];
        var (documents, tokens) = (new List<int[]>(), 0);
        var sources = CorpusFiles.Open(files, work);
        foreach (var document in sources.SelectMany(s => s.Read()).TakeWhile(_ => tokens < MaxTokens))
        {
            documents.Add(tokenizer.Encode(document.Text));
            tokens += documents[^1].Length;
        }

        if (!documents.Any(d => d.Length > 1))
        {
            throw new UserError("holds no text", files[0], "name files with text in them");
        }

        return new(documents, files.Zip(sources).ToImmutableSortedDictionary(f => f.First, f => f.Second.Fingerprint));
    }

    /// <summary>Rows of equal length, each token after the first predicted once.</summary>
    /// <param name="context">Tokens a row, at most.</param>
    public IEnumerable<TokenBatch> Batches(int context)
    {
        int[] all = [.. Documents.SelectMany(d => d)];
        var length = Math.Min(context, all.Length);
        foreach (var rows in Enumerable.Range(0, all.Length / length).Select(i => all[(i * length)..((i + 1) * length)]).Chunk(Rows))
        {
            yield return TokenBatch.OfRows(rows);
        }
    }
}
