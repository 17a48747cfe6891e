using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>One of the parts of which embeddings are the sum: <c>kind: word | position | segment | patch | speech</c>.</summary>
public abstract record EmbeddingPartConfig : Kinded
{
    /// <summary>What it makes vectors of; null where it adds to those of another part.</summary>
    internal virtual Modality? Reads => null;

    /// <summary>Vectors that it makes of every input; null where inputs differ.</summary>
    internal virtual int? Places => null;

    internal abstract EmbeddingPart Build(EmbeddingsConfig embeddings);
}

/// <summary>Makes vectors of inputs, or adds to those that are there.</summary>
public abstract class EmbeddingPart(string name) : nn.Module(name)
{
    /// <param name="inputs">What the stream reads.</param>
    /// <param name="state">What parts before it have made; null for the first.</param>
    internal abstract StreamState Apply(StreamInputs inputs, StreamState? state);

    /// <summary>Vectors that are not there yet are a fault of the list's order, which <see cref="EmbeddingsConfig"/> checks.</summary>
    private protected static StreamState Before(StreamState? state) => state ?? throw new InvalidOperationException("no part before this one makes vectors");
}

/// <summary>A part that starts otherwise than the model's initialization would have it.</summary>
internal interface IOwnStart
{
    void Start(Seed seed);
}
