using System.ComponentModel.DataAnnotations;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>A learned vector for each absolute position.</summary>
[Kind("learned")]
public sealed record LearnedPositionsConfig : PositionsConfig
{
    /// <summary>Rows of the table before that of position 0 (2 in RoBERTa and OPT).</summary>
    [Range(0, int.MaxValue)]
    public int Offset { get; init; }

    public override LearnedPositions Build(PositionsShape shape) => new(shape.ContextLength, shape.Width, Offset);
}

public sealed class LearnedPositions : Positions
{
    private readonly int _offset;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    public LearnedPositions(long contextLength, long width, int offset) : base(nameof(LearnedPositions))
    {
        _offset = offset;
        _weight = ModuleWeight.Of(zeros(offset + contextLength, width));
        RegisterComponents();
    }

    public override bool Absolute => true;

    public override Tensor Embed(Tensor hidden, long start, Tensor? positions)
    {
        using var scope = NewDisposeScope();
        if (Shift > 0 && _offset + Shift + start + hidden.shape[1] > _weight.shape[0])
        {
            throw new UserError($"{start + hidden.shape[1]} tokens behind a prefix of {Shift} do not fit {_weight.shape[0] - _offset} positions", mend: "shorten the text");
        }

        var added = positions is null
            ? _weight.narrow(0, _offset + Shift + start, hidden.shape[1])
            : _weight.index_select(0, positions.add(_offset + Shift).view(-1)).view_as(hidden);
        return hidden.add(added, KeptScalar.One).MoveToOuterDisposeScope();
    }
}
