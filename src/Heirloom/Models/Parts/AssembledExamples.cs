using Heirloom.Layers;

namespace Heirloom.Models.Parts;

/// <summary>Small assemblies, one of each kind of model and of encoder, beside <see cref="AssembledConfig.Example"/>.</summary>
internal static class AssembledExamples
{
    public static IReadOnlyList<AssembledConfig> All =>
    [
        new() { Embedding = Words, Encoder = TransformerPartConfig.Example with { Causal = true, Positions = new RotaryPositionsConfig() }, Targets = [new CausalLMTargetConfig { Tied = true, Prefix = true }] },
        new() { Embedding = Words, Encoder = RecurrentPartConfig.Example with { Direction = ReadingDirection.Separate }, Targets = [new BidirectionalLMTargetConfig(), ClassificationTargetConfig.Example] },
        new() { Embedding = Words, Encoder = RecurrentPartConfig.Example with { Cell = RecurrentCell.Gru, Layers = 2 }, Targets = [new MaskedLMTargetConfig { Tied = false }] },
        new() { Embedding = Words, Encoder = RecurrentPartConfig.Example with { Cell = RecurrentCell.Rnn, Direction = ReadingDirection.Forward }, Targets = [new CausalLMTargetConfig()] },
        new() { Embedding = Words, Encoder = GatedCnnPartConfig.Example, Targets = [new CausalLMTargetConfig { Bias = true }] },
        new() { Embedding = Words with { OutputWidth = 8 }, Encoder = GatedCnnPartConfig.Example with { Causal = false }, Targets = [new MaskedLMTargetConfig()] },
        new()
        {
            Embedding = Words,
            Encoder = Transformer with { Positions = new RelativePositionsConfig() },
            Decoder = Transformer with { Positions = new RelativePositionsConfig() },
            Targets = [new CausalLMTargetConfig { Tied = true }],
        },
        new()
        {
            Embedding = new() { Width = 16, Parts = [SpeechPartConfig.Example] },
            Encoder = Transformer,
            TargetEmbedding = Words,
            Decoder = Transformer,
            Targets = [new CausalLMTargetConfig { Tied = true }],
        },
        new() { Embedding = Seen(maskVector: false), Encoder = Transformer, Targets = [MaskedPixelsTargetConfig.Example, ClassificationTargetConfig.Example] },
        new() { Embedding = Seen(maskVector: true), Encoder = Transformer, Targets = [new MaskedCodesTargetConfig { Hidden = 0.5, Codes = 4 }, ClassificationTargetConfig.Example] },
        new() { Embedding = new() { Width = 16, Parts = [SpeechPartConfig.Example] }, Encoder = Transformer, Targets = [TranscriptionTargetConfig.Example] },
        new()
        {
            Embedding = Words,
            Encoder = TransformerPartConfig.Example with { Causal = true },
            Second = new() { Embedding = Seen(maskVector: false), Encoder = Transformer },
            Targets = [ContrastTargetConfig.Example],
        },
    ];

    private static EmbeddingsConfig Words => new() { Width = 16, ContextLength = 16, Parts = [WordPartConfig.Example, new PositionPartConfig { Positions = new SinusoidalPositionsConfig() }] };

    private static TransformerPartConfig Transformer => new() { Layers = 1, Block = TransformerBlockConfig.Example };

    private static EmbeddingsConfig Seen(bool maskVector) => new() { Width = 16, Parts = [PatchPartConfig.Example with { MaskVector = maskVector }, new PositionPartConfig()] };
}
