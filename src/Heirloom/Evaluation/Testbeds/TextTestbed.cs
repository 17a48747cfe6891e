using Heirloom.Data;
using Heirloom.Encoding;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>
/// What studies of (continued) pretraining stand on: named domains with a common tokenizer, disjoint training, validation and test documents, and
/// token files cached by content. Build it once for all arms; dispose it at the end.
/// </summary>
public sealed class TextTestbed : IDisposable
{
    private readonly Dictionary<string, TextDomain> _domains;

    private TextTestbed(Tokenizer tokenizer, int contextLength, Dictionary<string, TextDomain> domains) =>
        (Tokenizer, ContextLength, _domains) = (tokenizer, contextLength, domains);

    public Tokenizer Tokenizer { get; }

    /// <summary>Tokens a row.</summary>
    public int ContextLength { get; }

    public IReadOnlyCollection<TextDomain> Domains => _domains.Values;

    /// <summary>A domain by name.</summary>
    /// <exception cref="UserError">There is no such domain.</exception>
    public TextDomain this[string name] => _domains.TryGetValue(name, out var domain)
        ? domain
        : throw new UserError($"there is no domain '{name}'", mend: UserError.Nearest(name, _domains.Keys));

    /// <summary>Opens every source (downloading known sets), learns the tokenizer and tokenizes what is not in the cache.</summary>
    /// <exception cref="UserError">A source cannot be opened, a name is given twice, or a part of a split is empty.</exception>
    public static TextTestbed Open(TextTestbedConfig config, WorkContext work)
    {
        if (config.Domains.GroupBy(d => d.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new UserError($"two domains are called '{twice.Key}'", "domains", "give each a name of its own");
        }

        var sources = config.Domains.ToDictionary(d => d.Name, d => d.Source.Open(work));
        var learnFrom = config.TokenizerFrom.IsDefaultOrEmpty ? [.. sources.Keys] : config.TokenizerFrom;
        var texts = learnFrom.SelectMany(name => config.Split.Take(Known(sources, name), SplitPart.Train).Read()).Select(d => d.Text);
        var tokenizer = config.Tokenizer.Train(texts, work);
        return new(tokenizer, config.ContextLength, sources.ToDictionary(s => s.Key, s => TextDomain.Open(s.Key, s.Value, tokenizer, config, work)));
    }

    public void Dispose()
    {
        foreach (var domain in _domains.Values)
        {
            domain.Dispose();
        }
    }

    private static IDocumentSource Known(Dictionary<string, IDocumentSource> sources, string name) =>
        sources.GetValueOrDefault(name) ?? throw new UserError($"there is no domain '{name}'", "tokenizer_from", UserError.Nearest(name, sources.Keys));
}
