using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>Named tensors on disk: what they are is known at once, their values are read one by one when asked for.</summary>
public interface IWeights : IDisposable
{
    /// <summary>What the headers say, by name.</summary>
    IReadOnlyDictionary<string, TensorEntry> Entries { get; }

    /// <summary>Free text that the writer left.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads one tensor into memory, of its stored type, on the CPU.</summary>
    /// <exception cref="UserError">No such tensor, or its file has been cut off since it was opened.</exception>
    Tensor Read(string name);

    /// <summary>Passes over the bytes of one tensor without holding them.</summary>
    void Visit(string name, ReadOnlySpanVisitor visit);

    /// <summary>The file that holds a tensor, for messages.</summary>
    string FileOf(string name);
}

/// <summary>Is shown some bytes, which it may not keep.</summary>
public delegate void ReadOnlySpanVisitor(ReadOnlySpan<byte> bytes);
