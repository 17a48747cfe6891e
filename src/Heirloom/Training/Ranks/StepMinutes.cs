using System.Collections;

namespace Heirloom.Training.Ranks;

/// <summary>What ranks tell each other of a step: sums, and which parameters have gradients.</summary>
internal static class StepMinutes
{
    public static byte[] Write(GradientSums sums, BitArray present)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(sums.Sum);
        writer.Write(sums.Terms);
        writer.Write(sums.Units);
        writer.Write(sums.Bad is not null);
        writer.Write(sums.Bad ?? 0);
        writer.Write(sums.LastBatch);
        writer.Write(sums.Parts.Count);
        foreach (var (name, value) in sums.Parts)
        {
            writer.Write(name);
            writer.Write(value);
        }

        var bits = new byte[(present.Count + 7) / 8];
        present.CopyTo(bits, 0);
        writer.Write(bits);
        return stream.ToArray();
    }

    /// <summary>All ranks' sums as one, relative to a weight of 1; <paramref name="present"/> receives the parameters that have a gradient anywhere.</summary>
    public static GradientSums Read(IReadOnlyList<byte[]> minutes, BitArray present)
    {
        var total = new GradientSums { Reference = 1 };
        foreach (var one in minutes)
        {
            using var reader = new BinaryReader(new MemoryStream(one));
            total.Sum += reader.ReadDouble();
            total.Terms += reader.ReadDouble();
            total.Units += reader.ReadInt64();
            var (isBad, bad, last) = (reader.ReadBoolean(), reader.ReadDouble(), reader.ReadInt64());
            if (total.Bad is null)
            {
                (total.Bad, total.LastBatch) = (isBad ? bad : null, last);
            }

            for (var parts = reader.ReadInt32(); parts > 0; parts--)
            {
                var name = reader.ReadString();
                total.Parts[name] = total.Parts.GetValueOrDefault(name) + reader.ReadDouble();
            }

            present.Or(new BitArray(reader.ReadBytes((present.Count + 7) / 8)) { Length = present.Count });
        }

        return total;
    }
}
