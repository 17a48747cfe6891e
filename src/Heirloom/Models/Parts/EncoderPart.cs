using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>What a vector that an encoder gives has seen of the others of its row.</summary>
public enum Sight
{
    /// <summary>All.</summary>
    All,

    /// <summary>Itself and those before it.</summary>
    Past,

    /// <summary>The first half of its coordinates itself and those before it, the second half itself and those after it.</summary>
    Halves,
}

/// <summary>What puts vectors in context: <c>kind: transformer | recurrent | gated_cnn</c>.</summary>
public abstract record EncoderPartConfig : Kinded
{
    /// <summary>What its vectors have seen.</summary>
    internal abstract Sight Sight { get; }

    /// <param name="width">Of the vectors that it reads.</param>
    internal abstract EncoderPart Build(int width);
}

/// <summary>Vectors to vectors in context.</summary>
public abstract class EncoderPart(string name) : nn.Module(name)
{
    /// <summary>Of what it gives.</summary>
    public abstract int Width { get; }

    /// <returns><c>[B, T, D']</c></returns>
    internal abstract Tensor Encode(StreamState state);
}
