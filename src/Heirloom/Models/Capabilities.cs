using Heirloom.Layers;
using static TorchSharp.torch;

namespace Heirloom.Models;

/// <summary>What a token model reads.</summary>
/// <param name="Ids"><c>[B, T]</c> int64.</param>
public sealed record TokenInputs(Tensor Ids)
{
    /// <summary><c>[B, T]</c> bool, true on real tokens; null when nothing is padded.</summary>
    public Tensor? Mask { get; init; }

    /// <summary><c>[B, T]</c> int64: positions of different segments do not see each other (packing).</summary>
    public Tensor? Segments { get; init; }

    /// <summary><c>[B, T]</c> int64 token types (sentence A or B) for encoders that have them.</summary>
    public Tensor? TokenTypes { get; init; }

    /// <summary><c>[B]</c> int64: the first so many positions see each other both ways (prefix LM); null for plain causal.</summary>
    public Tensor? PrefixLengths { get; init; }
}

/// <summary>Tokens to contextual vectors.</summary>
public interface ITokenEncoder : IModel
{
    int Width { get; }

    int VocabularySize { get; }

    /// <summary>Longest sequence that it can read.</summary>
    int ContextLength { get; }

    /// <returns><c>[B, T, D]</c></returns>
    Tensor Encode(TokenInputs inputs);
}

/// <summary>A token encoder with a vocabulary head.</summary>
public interface ILanguageModel : ITokenEncoder
{
    /// <param name="hidden"><c>[…, D]</c>: all positions or just those that a loss needs.</param>
    /// <returns><c>[…, V]</c> logits.</returns>
    Tensor Head(Tensor hidden);
}

/// <summary>Predicts the next token.</summary>
public interface ICausalLM : ILanguageModel
{
    /// <summary>An empty cache for so many rows and positions.</summary>
    KeyValueCache NewCache(int rows, int capacity);

    /// <summary>Reads the next positions with everything before them in <paramref name="cache"/>, which it extends.</summary>
    /// <param name="ids"><c>[B, T]</c></param>
    /// <param name="cache">Keys and values of earlier positions.</param>
    /// <returns><c>[B, T, D]</c></returns>
    Tensor Encode(Tensor ids, KeyValueCache cache);
}

/// <summary>Predicts masked tokens from both sides.</summary>
public interface IMaskedLM : ILanguageModel;

/// <summary>Reads a source, writes a target.</summary>
public interface ISequenceToSequenceLM : IModel
{
    int Width { get; }

    int VocabularySize { get; }

    /// <summary>The id from which decoding starts.</summary>
    int DecoderStart { get; }

    /// <returns><c>[B, S, D]</c></returns>
    Tensor EncodeSource(Tensor source, Tensor? mask);

    /// <param name="target"><c>[B, T]</c> decoder inputs, already shifted right.</param>
    /// <param name="memory"><c>[B, S, D]</c></param>
    /// <param name="memoryMask"><c>[B, S]</c> bool or null.</param>
    /// <returns><c>[B, T, D]</c></returns>
    Tensor Decode(Tensor target, Tensor memory, Tensor? memoryMask);

    /// <summary>The id that stands for padding: what the decoder reads for a target that no loss counts.</summary>
    int PaddingToken { get; }

    /// <summary>What the decoder reads to predict a target.</summary>
    /// <param name="target"><c>[B, T]</c> int64, −100 where no loss counts.</param>
    /// <returns><c>[B, T]</c> int64</returns>
    Tensor Shift(Tensor target) => DecoderInputs.ShiftRight(target, DecoderStart, PaddingToken);

    /// <summary>An empty cache for decoding from a memory, of which it keeps a copy.</summary>
    /// <param name="memory"><c>[B, S, D]</c></param>
    /// <param name="memoryMask"><c>[B, S]</c> bool or null.</param>
    /// <param name="capacity">Positions of the target that fit.</param>
    KeyValueCache NewCache(Tensor memory, Tensor? memoryMask, int capacity);

    /// <summary>Reads the next positions of the target with everything before them in <paramref name="cache"/>, which it extends.</summary>
    /// <param name="target"><c>[B, T]</c></param>
    /// <param name="cache">From <see cref="NewCache"/>.</param>
    /// <returns><c>[B, T, D]</c></returns>
    Tensor Decode(Tensor target, KeyValueCache cache);

    /// <returns><c>[…, V]</c> logits.</returns>
    Tensor Head(Tensor hidden);
}

/// <summary>Images to vectors.</summary>
public interface IImageEncoder : IModel
{
    int Width { get; }

    /// <param name="images"><c>[B, C, H, W]</c></param>
    /// <returns><c>[B, N, D]</c>, the class token first where there is one.</returns>
    Tensor Encode(Tensor images);

    /// <returns><c>[B, D]</c>: the vector that stands for the image.</returns>
    Tensor Embed(Tensor images);
}

/// <summary>One label per example (or per token).</summary>
public interface IClassifier<in TInputs> : IModel
{
    int Classes { get; }

    /// <returns><c>[B, C]</c> logits (or <c>[B, T, C]</c>).</returns>
    Tensor Classify(TInputs inputs);
}
