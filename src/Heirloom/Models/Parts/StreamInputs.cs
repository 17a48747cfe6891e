using Heirloom.Models.Speech;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>What an assembled model may read.</summary>
public enum Modality
{
    Tokens,
    Images,
    Audio,
}

/// <summary>What embeddings are given: tokens, images or recordings.</summary>
public sealed record StreamInputs
{
    public TokenInputs? Tokens { get; init; }

    /// <summary><c>[B, C, H, W]</c></summary>
    public Tensor? Images { get; init; }

    public AudioInputs? Audio { get; init; }

    /// <summary><c>[B, N]</c> bool: patches in whose place the mask vector is read; null for none.</summary>
    public Tensor? HiddenPatches { get; init; }

    /// <summary><c>[B, K]</c> int64, ascending: the only patches that are read, besides the class token; null for all.</summary>
    public Tensor? VisiblePatches { get; init; }

    /// <summary>Position of the first token: those before it are in a cache.</summary>
    internal long Start { get; init; }

    /// <summary><c>[B, T]</c> int64 positions of tokens where a cache knows them; null where they are counted.</summary>
    internal Tensor? Positions { get; init; }
}

/// <summary>Vectors on their way through a stream, and what of the inputs still matters.</summary>
/// <param name="Vectors"><c>[B, T, D]</c></param>
internal sealed record StreamState(Tensor Vectors)
{
    /// <summary><c>[B, T]</c> bool, true on what is real; null for all.</summary>
    public Tensor? Mask { get; init; }

    /// <summary><c>[B, T]</c> int64: documents; null for one a row.</summary>
    public Tensor? Segments { get; init; }

    /// <summary><c>[B]</c> int64: positions that causal layers may see from everywhere; null for none.</summary>
    public Tensor? PrefixLengths { get; init; }
}
