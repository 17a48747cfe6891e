using Heirloom.Data;
using Heirloom.Data.Tokens;
using Heirloom.Encoding;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>One body of text, tokenized and split.</summary>
public sealed class TextDomain : IDisposable
{
    private readonly TokenFile _train, _validation, _test;
    private readonly TextTestbedConfig _config;

    private TextDomain(string name, IDocumentSource source, TokenFile train, TokenFile validation, TokenFile test, TextTestbedConfig config)
    {
        Name = name;
        Source = source;
        (_train, _validation, _test, _config) = (train, validation, test, config);
    }

    public string Name { get; }

    /// <summary>All its documents with their fields.</summary>
    public IDocumentSource Source { get; }

    /// <summary>Tokens of the training part.</summary>
    public long Tokens => _train.Info.Tokens;

    /// <summary>Tokens a row.</summary>
    public int ContextLength => _config.ContextLength;

    internal static TextDomain Open(string name, IDocumentSource source, ITokenizer tokenizer, TextTestbedConfig config, WorkContext work)
    {
        TokenFile Part(SplitPart part) => TokenizedCorpus.Open(config.Split.Take(source, part), tokenizer, work);
        return new(name, source, Part(SplitPart.Train), Part(SplitPart.Validation), Part(SplitPart.Test), config);
    }

    /// <summary>Endless shuffled training rows, for batches or mixtures.</summary>
    public IRows<TokenRow> Rows(Seed seed) => new PackedRows(_train, Packed(1), seed);

    /// <summary>Endless shuffled training batches.</summary>
    public IBatches<TokenBatch> Batches(int rows, Seed seed) => new PackedBatches(_train, Packed(rows), seed);

    /// <summary>Held-out rows, each token predicted once: all of them, or as many as the testbed scores, spread over the documents.</summary>
    public IBatches<TokenBatch> HeldOut(SplitPart part = SplitPart.Test, int rows = 32)
    {
        var file = part switch
        {
            SplitPart.Test => _test,
            SplitPart.Validation => _validation,
            _ => throw new ArgumentOutOfRangeException(nameof(part), part, "the training part is not held out"),
        };
        return new EvaluationBatches(file, new() { ContextLength = _config.ContextLength, BatchSize = rows, MaxWindows = _config.MaxHeldOutRows });
    }

    /// <summary>What a causal model pays for the held-out text.</summary>
    public TokenLosses Losses(ICausalLM model, WorkContext work, SplitPart part = SplitPart.Test) => TokenLosses.Of(model, HeldOut(part), work);

    public void Dispose()
    {
        _train.Dispose();
        _validation.Dispose();
        _test.Dispose();
    }

    private PackingConfig Packed(int rows) => new() { ContextLength = _config.ContextLength, BatchSize = rows };
}
