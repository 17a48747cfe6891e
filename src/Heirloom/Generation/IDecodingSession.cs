using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>A model reading rows step by step, remembering what it has read: what every way of decoding is made of.</summary>
public interface IDecodingSession : IDisposable
{
    /// <summary>Whether another step would not fit.</summary>
    bool IsFull { get; }

    /// <summary>Reads the prompts.</summary>
    /// <returns><c>[B, V]</c> float32 logits of the next tokens, which hold until the next step; the caller disposes them.</returns>
    Tensor Start();

    /// <summary>Reads one more token a row.</summary>
    /// <param name="tokens">One for each row.</param>
    /// <returns><c>[B, V]</c> float32 logits of the next tokens, which hold until the next step; the caller disposes them.</returns>
    Tensor Step(long[] tokens);

    /// <summary>Goes on with the given rows, in the given order; a row may leave or be there several times.</summary>
    void Keep(long[] rows);
}
