using System.Security.Cryptography;

namespace Heirloom.Checkpoints;

/// <summary>
/// The identity of a set of weights: SHA-256 over every tensor's name, type, shape and the SHA-256 of its values, in the order of the names. It depends on
/// neither the order within a file nor the number of files, and can be taken while the tensors are written in any order.
/// </summary>
public sealed class WeightsHash
{
    private readonly SortedDictionary<string, string> _lines = new(StringComparer.Ordinal);

    /// <summary>The hash of weights on disk, without holding them in memory.</summary>
    public static string Of(IWeights weights)
    {
        var hash = new WeightsHash();
        foreach (var entry in weights.Entries.Values)
        {
            using var values = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            weights.Visit(entry.Name, values.AppendData);
            hash.Add(entry.Name, TensorTypes.Name(entry.Type), entry.Shape, values.GetHashAndReset());
        }

        return hash.ToString();
    }

    /// <summary>Lowercase hexadecimal.</summary>
    public override string ToString() => Convert.ToHexStringLower(SHA256.HashData(TextEncoding.UTF8.GetBytes(string.Concat(_lines.Values))));

    internal void Add(string name, string type, IEnumerable<long> shape, byte[] values) =>
        // the length of the name keeps apart what names with line breaks could run together
        _lines.Add(name, $"{name.Length}:{name}\t{type}\t{string.Join(',', shape)}\t{Convert.ToHexStringLower(values)}\n");
}
