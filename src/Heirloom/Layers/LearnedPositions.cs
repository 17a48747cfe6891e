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

    /// <summary>
    /// A token that is padding wherever it stands, whatever a mask says: positions count the others, and it gets the row before that of position 0
    /// (RoBERTa, whose <see cref="Offset"/> is this token plus one); null where the mask says what is padding.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int? PaddingToken { get; init; }

    /// <exception cref="UserError">There is no row for padding.</exception>
    public override LearnedPositions Build(PositionsShape shape) => PaddingToken is null || Offset > 0
        ? new(shape.ContextLength, shape.Width, Offset, PaddingToken)
        : throw new UserError("padding has the row before that of position 0, which needs an offset of at least 1", "positions.offset");
}

public sealed class LearnedPositions : Positions
{
    private readonly int _offset;
    private readonly int? _padding;

    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    public LearnedPositions(long contextLength, long width, int offset, int? padding = null) : base(nameof(LearnedPositions))
    {
        (_offset, _padding) = (offset, padding);
        _weight = ModuleWeight.Of(zeros(offset + contextLength, width));
        RegisterComponents();
    }

    public override bool Absolute => true;

    public override Tensor? Count(Tensor ids, Tensor? segments, Tensor? mask)
    {
        // packed rows hold documents end to end, without padding
        if (_padding is not { } padding || segments is not null)
        {
            return base.Count(ids, segments, mask);
        }

        using var scope = NewDisposeScope();
        var real = ids.ne(KeptScalar.Of(padding)).to(ScalarType.Int64);
        return real.cumsum(1).mul(real).sub(KeptScalar.One).MoveToOuterDisposeScope();
    }

    public override Tensor Embed(Tensor hidden, long start, Tensor? positions)
    {
        using var scope = NewDisposeScope();
        if (Shift > 0 && _offset + Shift + start + hidden.shape[1] > _weight.shape[0])
        {
            throw new UserError($"{start + hidden.shape[1]} tokens behind a prefix of {Shift} do not fit {_weight.shape[0] - _offset} positions", mend: "shorten the text");
        }

        var added = positions is null
            ? _weight.narrow(0, _offset + Shift + start, hidden.shape[1])
            : _weight.index_select(0, positions.add(KeptScalar.Of(_offset + Shift)).view(-1)).view_as(hidden);
        return hidden.add(added, KeptScalar.One).MoveToOuterDisposeScope();
    }
}
