using Heirloom.Layers;
using TorchSharp.Utils;

namespace Heirloom.Models.Parts;

/// <summary>Adds where a vector stands: a learned vector, or sines and cosines. Positions that act on attention belong to the encoder.</summary>
[Kind("position")]
public sealed record PositionPartConfig : EmbeddingPartConfig
{
    public PositionsConfig Positions { get; init; } = new LearnedPositionsConfig();

    /// <exception cref="UserError">The positions act on attention, or learned ones are not bounded.</exception>
    internal override PositionPart Build(EmbeddingsConfig embeddings)
    {
        var places = embeddings.Places() ?? (Positions is LearnedPositionsConfig
            ? throw new UserError("learned positions are a table, and inputs have no longest length", "embedding.context_length", "set it, or take sinusoidal positions")
            : int.MaxValue);
        var built = Positions.Build(new(embeddings.Width, Heads: 1, embeddings.Width, places, Causal: false));
        return built.Absolute ? new(built) : throw new UserError(
            $"{Settings.KindOf(Positions.GetType())} positions act on attention", "embedding", "give them to the encoder; an embedding has learned or sinusoidal ones");
    }
}

/// <inheritdoc cref="PositionPartConfig"/>
public sealed class PositionPart : EmbeddingPart
{
    [ComponentName(Name = "positions")]
    private readonly Positions _positions;

    internal PositionPart(Positions positions) : base(nameof(PositionPart))
    {
        _positions = positions;
        RegisterComponents();
    }

    internal override StreamState Apply(StreamInputs inputs, StreamState? state)
    {
        var before = Before(state);
        var positions = inputs.Positions ?? (inputs.Start > 0 ? null
            : inputs.Tokens is { } tokens ? _positions.Count(tokens.Ids, before.Segments, before.Mask)
            : null);
        return before with { Vectors = _positions.Embed(before.Vectors, inputs.Start, positions) };
    }
}
