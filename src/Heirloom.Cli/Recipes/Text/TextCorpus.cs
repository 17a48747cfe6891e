using Heirloom.Data;
using Heirloom.Data.Tokens;
using Heirloom.Encoding;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>One source, tokenized: its training text and what is held out of it.</summary>
internal sealed class TextCorpus : IDisposable
{
    private readonly TokenFile? _train, _validation, _test;

    private TextCorpus(string name, string fingerprint, TokenFile? train, TokenFile? validation, TokenFile? test)
    {
        (Name, Fingerprint, _train, _validation, _test) = (name, fingerprint, train, validation, test);
    }

    public string Name { get; }

    /// <summary>Of the whole source.</summary>
    public string Fingerprint { get; }

    public TokenFile Train => _train ?? throw new InvalidOperationException("opened for evaluation only");

    /// <summary>Tokenizes the parts that the split gives any share, or takes them from the cache.</summary>
    /// <exception cref="UserError">A part is empty; <see cref="Require"/> says so sooner.</exception>
    public static TextCorpus Open(string name, IDocumentSource source, ITokenizer tokenizer, DocumentSplit split, WorkContext work, bool train = true)
    {
        TokenFile? Part(SplitPart part, bool wanted) => wanted ? TokenizedCorpus.Open(split.Take(source, part), tokenizer, work) : null;

        TokenFile? a = null, b = null;
        try
        {
            a = Part(SplitPart.Train, train);
            b = Part(SplitPart.Validation, split.Validation > 0);
            return new(name, source.Fingerprint, a, b, Part(SplitPart.Test, split.Test > 0));
        }
        catch
        {
            a?.Dispose();
            b?.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a source without a document, before anything is learned from it.</summary>
    public static void RequireText(IDocumentSource source, string name)
    {
        if (!source.Read().Any(d => !string.IsNullOrWhiteSpace(d.Text)))
        {
            throw new UserError($"source '{name}' holds no text", source.Name, "check its path and its filters");
        }
    }

    /// <summary>Refuses a source without a document for one of its parts, before anything is learned from it.</summary>
    public static void Require(IDocumentSource source, string name, DocumentSplit split, bool train = true)
    {
        RequireText(source, name);
        var missing = new HashSet<SplitPart>();
        missing.UnionWith(train ? [SplitPart.Train] : []);
        missing.UnionWith(split.Validation > 0 ? [SplitPart.Validation] : []);
        missing.UnionWith(split.Test > 0 ? [SplitPart.Test] : []);
        var documents = 0;
        foreach (var document in source.Read().TakeWhile(_ => missing.Count > 0))
        {
            documents++;
            missing.Remove(split.PartOf(document.Text));
        }

        if (missing.Count > 0)
        {
            throw new UserError($"source '{name}' has {documents} document{(documents == 1 ? "" : "s")} and none for its {Settings.SnakeCase(missing.Min().ToString())} part", source.Name,
                "cut it into more documents (text: split: blank_lines), hold out a larger share, or none (0)");
        }
    }

    /// <summary>Held-out rows for watching (validation) or for reporting (test); null where the split holds none out.</summary>
    public IBatches<TokenBatch>? HeldOut(SplitPart part, int contextLength, int batchSize, int mostRows)
    {
        var file = part == SplitPart.Validation ? _validation : _test;
        return file is null ? null
            : new EvaluationBatches(file, new() { ContextLength = contextLength, BatchSize = batchSize, MaxWindows = mostRows });
    }

    public void Dispose()
    {
        _train?.Dispose();
        _validation?.Dispose();
        _test?.Dispose();
    }
}
