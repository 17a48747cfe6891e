using static TorchSharp.torch;

namespace Heirloom.Data;

/// <summary>Tensors that travel together.</summary>
public interface IBatch<TSelf> where TSelf : IBatch<TSelf>
{
    /// <summary>The same batch on a device (itself where it is there already).</summary>
    TSelf To(Device device);

    /// <summary>Rows of the batch from a place on, as views.</summary>
    TSelf Rows(long start, long count);

    /// <summary>Examples in the batch, for averaging over unequal batches.</summary>
    long Count { get; }

    /// <summary>The tensors that it holds, for whoever must own or dispose them.</summary>
    IEnumerable<Tensor> Tensors { get; }

    /// <summary>What throughput is counted in.</summary>
    static virtual string Unit => "examples";

    /// <summary>Size of the batch in <see cref="Unit"/>s.</summary>
    long Units => Count;
}

/// <summary>Rows of tokens, with what is to be predicted at each.</summary>
/// <param name="Ids"><c>[B, T]</c> int64.</param>
/// <param name="Targets"><c>[B, T]</c> int64: the token to predict at each position (the next one for a causal model), <see cref="Ignore"/> where none; null before an objective has chosen them.</param>
/// <param name="Segments"><c>[B, T]</c> int64: which document of the row a position belongs to, so that packed documents do not see each other; null when a row is one document.</param>
/// <param name="Mask"><c>[B, T]</c> bool: true on real tokens; null when nothing is padded.</param>
public sealed record TokenBatch(Tensor Ids, Tensor? Targets = null, Tensor? Segments = null, Tensor? Mask = null) : IBatch<TokenBatch>
{
    /// <summary>The target that no loss counts.</summary>
    public const long Ignore = -100;

    public static string Unit => "tokens";

    /// <summary><c>[B, T]</c> int64: which of a row's two texts a position belongs to (sentence A or B), for encoders that tell them apart; null when rows are one text.</summary>
    public Tensor? TokenTypes { get; init; }

    /// <summary><c>[B]</c> int64: how the row's two texts relate, <see cref="Ignore"/> where nothing is known; null when rows are one text.</summary>
    public Tensor? Relations { get; init; }

    public long Count => Ids.shape[0];

    public IEnumerable<Tensor> Tensors => new[] { Ids, Targets, Segments, Mask, TokenTypes, Relations }.OfType<Tensor>();

    public long Units => Ids.numel();

    /// <summary>Rows of equal length without targets, for objectives that choose them.</summary>
    public static TokenBatch OfRows(IReadOnlyList<int[]> rows) =>
        new(tensor([.. rows.SelectMany(row => row).Select(id => (long)id)], [rows.Count, rows[0].Length], dtype: ScalarType.Int64));

    public TokenBatch To(Device device) => new(Ids.to(device), Targets?.to(device), Segments?.to(device), Mask?.to(device))
    {
        TokenTypes = TokenTypes?.to(device),
        Relations = Relations?.to(device),
    };

    public TokenBatch Rows(long start, long count) => new(
        Ids.narrow(0, start, count), Targets?.narrow(0, start, count), Segments?.narrow(0, start, count), Mask?.narrow(0, start, count))
    {
        TokenTypes = TokenTypes?.narrow(0, start, count),
        Relations = Relations?.narrow(0, start, count),
    };
}

/// <summary>Source and target rows of a sequence-to-sequence task.</summary>
/// <param name="Source"><c>[B, S]</c> int64.</param>
/// <param name="SourceMask"><c>[B, S]</c> bool, true on real tokens.</param>
/// <param name="Target"><c>[B, T]</c> int64 labels, <see cref="TokenBatch.Ignore"/> on padding; the model shifts them itself.</param>
public sealed record SequencePairBatch(Tensor Source, Tensor SourceMask, Tensor Target) : IBatch<SequencePairBatch>
{
    public long Count => Source.shape[0];

    public IEnumerable<Tensor> Tensors => [Source, SourceMask, Target];

    public SequencePairBatch To(Device device) => new(Source.to(device), SourceMask.to(device), Target.to(device));

    public SequencePairBatch Rows(long start, long count) => new(Source.narrow(0, start, count), SourceMask.narrow(0, start, count), Target.narrow(0, start, count));
}

/// <summary>Rows of tokens with one label each, or one label a token.</summary>
/// <param name="Ids"><c>[B, T]</c> int64.</param>
/// <param name="Mask"><c>[B, T]</c> bool, true on real tokens.</param>
/// <param name="Labels"><c>[B]</c> int64, or <c>[B, T]</c> with <see cref="TokenBatch.Ignore"/> where a token has none.</param>
public sealed record LabeledTokenBatch(Tensor Ids, Tensor Mask, Tensor Labels) : IBatch<LabeledTokenBatch>
{
    public long Count => Ids.shape[0];

    public IEnumerable<Tensor> Tensors => [Ids, Mask, Labels];

    public LabeledTokenBatch To(Device device) => new(Ids.to(device), Mask.to(device), Labels.to(device));

    public LabeledTokenBatch Rows(long start, long count) => new(Ids.narrow(0, start, count), Mask.narrow(0, start, count), Labels.narrow(0, start, count));
}

/// <summary>Images with labels.</summary>
/// <param name="Images"><c>[B, C, H, W]</c> float32, normalized.</param>
/// <param name="Labels"><c>[B]</c> int64.</param>
public sealed record ImageBatch(Tensor Images, Tensor Labels) : IBatch<ImageBatch>
{
    public long Count => Images.shape[0];

    public IEnumerable<Tensor> Tensors => [Images, Labels];

    public ImageBatch To(Device device) => new(Images.to(device), Labels.to(device));

    public ImageBatch Rows(long start, long count) => new(Images.narrow(0, start, count), Labels.narrow(0, start, count));
}

/// <summary>Sequences of points of one function each, for regression in context.</summary>
/// <param name="Inputs"><c>[B, K, D]</c> float32: x₁ … x_K.</param>
/// <param name="Outputs"><c>[B, K]</c> float32: y₁ … y_K; y_k is predicted from x₁, y₁, …, x_k.</param>
public sealed record RegressionBatch(Tensor Inputs, Tensor Outputs) : IBatch<RegressionBatch>
{
    public long Count => Inputs.shape[0];

    public IEnumerable<Tensor> Tensors => [Inputs, Outputs];

    public RegressionBatch To(Device device) => new(Inputs.to(device), Outputs.to(device));

    public RegressionBatch Rows(long start, long count) => new(Inputs.narrow(0, start, count), Outputs.narrow(0, start, count));
}
