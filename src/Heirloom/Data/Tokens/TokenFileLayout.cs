using System.Security.Cryptography;
using System.Buffers.Binary;

namespace Heirloom.Data.Tokens;

/// <summary>
/// Where things lie in a token file, all little-endian:
/// <code>
/// 0          magic (8), version (4), zero (52)
/// 64         ids, 2 or 4 bytes each, padded with zeros to a multiple of 8
/// Offsets    end of each document in tokens, 8 bytes each
/// Hashes     of every 64 KiB of what comes before: the first 8 bytes of SHA-256
/// Footer     JSON (TokenFileInfo)
/// end − 48   length of the footer (8), SHA-256 of hashes and footer (32), magic (8)
/// </code>
/// The hashes let a reader verify each block when it first touches it: a file of 100 GB opens at once, and no damaged id is ever trained on.
/// </summary>
internal readonly record struct TokenFileLayout(long Tokens, long Documents, int Width)
{
    public const int HeadSize = 64;
    public const int TailSize = 48;
    public const int BlockSize = 1 << 16;
    public const int HashSize = 8;

    public static ReadOnlySpan<byte> Magic => "HLTOKENS"u8;

    public long Offsets => checked((HeadSize + (Tokens * Width) + 7) / 8 * 8);

    public long Hashes => checked(Offsets + (Documents * sizeof(long)));

    public long Blocks => (Hashes + BlockSize - 1) / BlockSize;

    public long Footer => checked(Hashes + (Blocks * HashSize));

    public static ulong HashOf(ReadOnlySpan<byte> block)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(block, hash);
        return BinaryPrimitives.ReadUInt64LittleEndian(hash);
    }
}
