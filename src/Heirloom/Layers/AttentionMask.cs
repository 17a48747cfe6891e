using static TorchSharp.torch;

namespace Heirloom.Layers;

/// <summary>Who sees whom, as a description; <see cref="Resolve"/> turns it into the mask of one forward.</summary>
public sealed record AttentionPattern
{
    /// <summary>A position sees itself and earlier ones only.</summary>
    public bool Causal { get; init; }

    /// <summary>A position sees positions less than so many away; null for all.</summary>
    public int? Window { get; init; }

    /// <summary><c>[B, S]</c> bool, true on keys that may be seen; null for all.</summary>
    public Tensor? Mask { get; init; }

    /// <summary><c>[B, S]</c> int64: positions of different segments do not see each other.</summary>
    public Tensor? Segments { get; init; }

    /// <summary><c>[B]</c> int64: under <see cref="Causal"/>, the first so many positions are seen by all.</summary>
    public Tensor? PrefixLengths { get; init; }

    /// <summary>Added to the scores, <c>[1 or B, 1 or H, T, S]</c>.</summary>
    public Tensor? Bias { get; init; }

    /// <summary>Computes the mask where the queries are the last <paramref name="queries"/> of <paramref name="keys"/> positions of one sequence.</summary>
    /// <remarks>A position that would see nothing (padding before the first token) sees itself, so that its attention is finite.</remarks>
    /// <param name="queries">T.</param>
    /// <param name="keys">S.</param>
    /// <param name="like">A tensor on the device and of the type with which layers will compute.</param>
    public AttentionMask Resolve(long queries, long keys, Tensor like)
    {
        using var scope = NewDisposeScope();
        var device = like.device;
        var type = like.dtype;
        // A lone last query sees all that came before it: being causal forbids nothing.
        var causal = Causal && queries > 1;
        var windowed = Window is { } window && window < keys;
        if (Mask is null && Segments is null && !windowed && (!causal || (PrefixLengths is null && Bias is null && queries == keys)))
        {
            return causal ? AttentionMask.Causal : Bias is null ? AttentionMask.Full : new AttentionMask(Bias.to(type).MoveToOuterDisposeScope());
        }

        var key = arange(keys, device: device).unsqueeze(0);
        var query = arange(keys - queries, keys, device: device).unsqueeze(1);
        Tensor? allowed = null;
        if (causal)
        {
            allowed = key.le(query).unsqueeze(0);
            if (PrefixLengths is not null)
            {
                allowed = allowed.logical_or(key.unsqueeze(0).lt(PrefixLengths.view(-1, 1, 1)));
            }
        }

        if (windowed)
        {
            allowed = And(allowed, query.sub(key).abs().lt(KeptScalar.Of(Window!.Value)).unsqueeze(0));
        }

        if (Segments is not null)
        {
            allowed = And(allowed, Segments.narrow(1, keys - queries, queries).unsqueeze(2).eq(Segments.unsqueeze(1)));
        }

        if (Mask is not null)
        {
            allowed = And(allowed, Mask.unsqueeze(1));
            allowed = allowed.logical_or(key.eq(query).logical_and(allowed.any(-1, keepdim: true).logical_not()));
        }

        return new AttentionMask(Scores(allowed?.unsqueeze(1), type).MoveToOuterDisposeScope());
    }

    /// <summary>The mask of attention to another sequence.</summary>
    /// <param name="memoryMask"><c>[B, S]</c> bool, true on keys that may be seen, at least one in each row; null for all.</param>
    /// <param name="like">A tensor on the device and of the type with which layers will compute.</param>
    public static AttentionMask Cross(Tensor? memoryMask, Tensor like)
    {
        if (memoryMask is null)
        {
            return AttentionMask.Full;
        }

        using var scope = NewDisposeScope();
        return new AttentionMask(new AttentionPattern().Scores(memoryMask.unsqueeze(1).unsqueeze(1), like.dtype).MoveToOuterDisposeScope());
    }

    /// <summary>−∞ where a key is hidden, else the bias: added once here instead of from a bool mask in every layer.</summary>
    private Tensor Scores(Tensor? allowed, ScalarType type)
    {
        var bias = Bias?.to(type) ?? zeros(1, dtype: type, device: allowed!.device);
        return allowed is null ? bias : where(allowed, bias, full(1, double.NegativeInfinity, dtype: type, device: allowed.device));
    }

    private static Tensor And(Tensor? a, Tensor b) => a is null ? b : a.logical_and(b);
}

/// <summary>The mask of one forward, made once and shared by its layers.</summary>
/// <param name="Scores">What is added to the scores, broadcasts to <c>[B, H, T, S]</c>: −∞ where a key is hidden; null where nothing is.</param>
/// <param name="IsCausal">Plain causal attention over one sequence, for which kernels need no mask.</param>
public sealed record AttentionMask(Tensor? Scores, bool IsCausal = false)
{
    /// <summary>Everything is seen.</summary>
    public static AttentionMask Full { get; } = new(Scores: null);

    /// <summary>The same with keys before all others that everything sees.</summary>
    /// <param name="keys">How many.</param>
    /// <param name="queries">T.</param>
    /// <param name="like">A tensor on the device and of the type with which layers compute.</param>
    internal AttentionMask Behind(long keys, long queries, Tensor like)
    {
        if (!IsCausal && Scores is null)
        {
            return this;
        }

        using var scope = NewDisposeScope();
        var scores = IsCausal ? full(queries, queries, double.NegativeInfinity, dtype: like.dtype, device: like.device).triu(1) : Scores!;
        return new(nn.functional.pad(scores, [keys, 0]).MoveToOuterDisposeScope());
    }

    /// <summary>Plain causal.</summary>
    public static AttentionMask Causal { get; } = new(Scores: null, IsCausal: true);
}
