using System.Buffers.Binary;

namespace Heirloom.Data.Formats;

/// <summary>An array of bytes with a shape, in the IDX format of the MNIST files (LeCun, Cortes and Burges 1998), compressed or not.</summary>
/// <param name="Shape">The sizes, slowest first.</param>
/// <param name="Values">As many bytes as the sizes' product.</param>
public sealed record Idx(IReadOnlyList<int> Shape, byte[] Values)
{
    private const long Most = 1L << 30;

    /// <exception cref="UserError">The file is broken, cut short, too long, or holds something else than bytes.</exception>
    public static Idx Read(string path) => Parse(Compressed.ReadAll(path, Most), path);

    internal static Idx Parse(byte[] bytes, string path)
    {
        const byte unsignedByte = 0x08;
        if (bytes is not [0, 0, unsignedByte, var rank, ..] || bytes.Length < 4 + (4 * rank))
        {
            throw new UserError("this is no IDX file of bytes", path, "it should begin with 00 00 08 and the number of sizes");
        }

        var shape = new int[rank];
        Int128 product = 1;
        for (var i = 0; i < rank; i++)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(4 + (4 * i)));
            shape[i] = size;
            product = size < 0 || product > Most ? -1 : product * size;
        }

        var start = 4 + (4 * rank);
        return product == bytes.Length - start
            ? new(shape, bytes[start..])
            : throw new UserError($"its sizes are {string.Join(" x ", shape)} and it holds {bytes.Length - start:N0} values", path, "the file is cut short or changed");
    }
}
