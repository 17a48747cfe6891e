using System.Security.Cryptography;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>Tensors in the hub's file format: a JSON header, then the values, nothing that could be executed.</summary>
public static class Safetensors
{
    private static readonly Dictionary<string, string> Plain = new() { ["format"] = "pt" };

    /// <summary>Opens a file; its header is checked whole, its values are read when asked for.</summary>
    /// <exception cref="UserError">Missing, damaged or hostile: names the file and the tensor.</exception>
    public static SafetensorsFile Open(string path) => new(path);

    /// <summary>Writes a file, whole or not at all.</summary>
    /// <returns>The weights' hash (see <see cref="WeightsHash"/>).</returns>
    /// <exception cref="UserError">The file cannot be written, or a tensor has a type that the format cannot hold.</exception>
    /// <exception cref="ArgumentException">Two tensors have one name.</exception>
    public static string Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var hash = new WeightsHash();
        var sources = tensors.Select(pair => TensorSource.Of(pair.Key, pair.Value)).ToList();
        Atomic.WriteFile(path, stream => Write(stream, sources, hash, metadata));
        return hash.ToString();
    }

    /// <summary>Wide types first, so that every tensor starts on a multiple of its element size although there are no gaps.</summary>
    internal static IReadOnlyList<TensorSource> Ordered(IEnumerable<TensorSource> tensors) =>
        [.. tensors.OrderByDescending(t => TensorTypes.Size(t.Type)).ThenBy(t => t.Name, StringComparer.Ordinal)];

    /// <summary>Writes one file's content, asking for one tensor at a time, and adds the tensors to a hash where one is wanted.</summary>
    internal static void Write(Stream stream, IEnumerable<TensorSource> tensors, WeightsHash? hash, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var ordered = Ordered(tensors);
        SafetensorsHeader.CheckNames(ordered);
        stream.Write(SafetensorsHeader.Write(ordered, metadata ?? Plain));
        foreach (var source in ordered)
        {
            using var scope = NewDisposeScope();
            var values = source.Values();
            if (values.dtype != source.Type || !values.shape.AsSpan().SequenceEqual(source.Shape.AsSpan()))
            {
                throw new InvalidOperationException(
                    $"{source.Name} was announced as {source.Type} {TensorTypes.Text(source.Shape)} and is {values.dtype} {TensorTypes.Text(values.shape)}");
            }

            using var digest = hash is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            TensorBytes.Pass(values.detach().cpu().contiguous(), bytes =>
            {
                stream.Write(bytes);
                digest?.AppendData(bytes);
            });
            if (digest is not null)
            {
                hash!.Add(source.Name, TensorTypes.Name(source.Type), source.Shape, digest.GetHashAndReset());
            }
        }
    }
}
