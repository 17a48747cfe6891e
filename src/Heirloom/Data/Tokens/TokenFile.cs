using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using System.Text.Json;

namespace Heirloom.Data.Tokens;

/// <summary>
/// A corpus as ids on disk, memory-mapped: opening reads the end of the file alone, and a window costs its pages alone, so a file may be far larger than memory.
/// Every block is verified when it is first touched. Safe to read from several threads.
/// </summary>
public sealed unsafe class TokenFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly TokenFileLayout _layout;
    private readonly byte* _start;
    private readonly int[] _verified;
    private bool _disposed;

    private TokenFile(string path, MemoryMappedFile map, MemoryMappedViewAccessor view, TokenFileInfo info, string fingerprint)
    {
        (Path, _map, _view, Info, Fingerprint, _layout) = (path, map, view, info, fingerprint, info.Layout);
        _verified = new int[(_layout.Blocks + 31) / 32];
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += view.PointerOffset;
    }

    public string Path { get; }

    public TokenFileInfo Info { get; }

    /// <summary>SHA-256 over the whole content.</summary>
    public string Fingerprint { get; }

    /// <summary>Opens for reading.</summary>
    /// <param name="path">A file that <see cref="TokenFileWriter"/> wrote.</param>
    /// <param name="tokenizerFingerprint">The tokenizer that the ids must come from; null accepts any.</param>
    /// <exception cref="UserError">No token file, cut short, damaged, from a newer version or of another tokenizer.</exception>
    public static TokenFile Open(string path, string? tokenizerFingerprint = null)
    {
        Sources.SourceFiles.Require(path);
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var (info, fingerprint) = ReadFooter(stream, path);
            if (tokenizerFingerprint is not null && info.TokenizerFingerprint != tokenizerFingerprint)
            {
                throw new UserError("was written with another tokenizer", path, "tokenize the corpus again, or name the tokenizer that wrote it");
            }

            map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            return new(path, map, view, info, fingerprint);
        }
        catch (Exception e)
        {
            view?.Dispose();
            map?.Dispose();
            throw e is IOException or UnauthorizedAccessException ? new UserError($"cannot be read: {e.Message}", path, "free it or give yourself read permission", e) : e;
        }
    }

    /// <summary>Copies ids from <paramref name="start"/> on.</summary>
    /// <exception cref="UserError">The block is damaged.</exception>
    public void Read(long start, Span<long> into)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Info.Tokens - into.Length);
        var at = TokenFileLayout.HeadSize + (start * Info.Width);
        Verify(at, (long)into.Length * Info.Width);
        if (Info.Width == 2)
        {
            var ids = new ReadOnlySpan<ushort>(_start + at, into.Length);
            for (var i = 0; i < into.Length; i++)
            {
                into[i] = ids[i];
            }
        }
        else
        {
            var ids = new ReadOnlySpan<int>(_start + at, into.Length);
            for (var i = 0; i < into.Length; i++)
            {
                into[i] = ids[i];
            }
        }
    }

    /// <summary>The first token of a document and the one after its last.</summary>
    public (long Start, long End) Document(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Info.Documents);
        return (index == 0 ? 0 : End(index - 1), End(index));
    }

    /// <summary>The document that a token belongs to: the first that ends after it.</summary>
    public long DocumentAt(long token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, Info.Tokens);
        var (low, high) = (0L, Info.Documents - 1);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = End(middle) > token ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _map.Dispose();
        }
    }

    private long End(long document)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var at = _layout.Offsets + (document * sizeof(long));
        Verify(at, sizeof(long));
        var end = *(long*)(_start + at);
        return end >= 0 && end <= Info.Tokens ? end : throw Damaged(Path, $"document {document} ends outside the file");
    }

    private void Verify(long at, long length)
    {
        for (var block = at / TokenFileLayout.BlockSize; block * TokenFileLayout.BlockSize < at + length; block++)
        {
            if ((Volatile.Read(ref _verified[block >> 5]) & (1 << (int)(block & 31))) == 0)
            {
                VerifyBlock(block);
                Interlocked.Or(ref _verified[block >> 5], 1 << (int)(block & 31));
            }
        }
    }

    private void VerifyBlock(long block)
    {
        var from = block * TokenFileLayout.BlockSize;
        var to = Math.Min(from + TokenFileLayout.BlockSize, _layout.Hashes);
        if (TokenFileLayout.HashOf(new(_start + from, (int)(to - from))) != *(ulong*)(_start + _layout.Hashes + (block * TokenFileLayout.HashSize)))
        {
            throw Damaged(Path, $"bytes {from} to {to} are not what was written");
        }

        // an id outside the vocabulary would end as an index error deep inside a model
        from = Math.Max(from, TokenFileLayout.HeadSize);
        to = Math.Min(to, TokenFileLayout.HeadSize + (Info.Tokens * Info.Width));
        for (var at = from; at < to; at += Info.Width)
        {
            var id = Info.Width == 2 ? *(ushort*)(_start + at) : *(uint*)(_start + at);
            if (id >= Info.VocabularySize)
            {
                throw Damaged(Path, $"id {id} at byte {at} is outside the vocabulary of {Info.VocabularySize}");
            }
        }
    }

    private static (TokenFileInfo Info, string Fingerprint) ReadFooter(FileStream stream, string path)
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("token files are read on little-endian machines");
        }

        Span<byte> head = stackalloc byte[TokenFileLayout.HeadSize];
        if (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < 12 || !head.StartsWith(TokenFileLayout.Magic))
        {
            throw new UserError("is not a token file", path, "write one with TokenFileWriter");
        }

        var version = BinaryPrimitives.ReadInt32LittleEndian(head[8..]);
        if (version > TokenFileInfo.CurrentVersion)
        {
            throw new UserError($"is of version {version}, newer than this program's {TokenFileInfo.CurrentVersion}", path, "update Heirloom, or tokenize again");
        }

        if (stream.Length < TokenFileLayout.HeadSize + TokenFileLayout.TailSize)
        {
            throw Damaged(path, "it is cut short");
        }

        Span<byte> tail = stackalloc byte[TokenFileLayout.TailSize];
        stream.Position = stream.Length - tail.Length;
        stream.ReadExactly(tail);
        var footerLength = BinaryPrimitives.ReadInt64LittleEndian(tail);
        var footerStart = stream.Length - tail.Length - footerLength;
        if (!tail.EndsWith(TokenFileLayout.Magic) || footerLength is <= 0 or > 1 << 20 || footerStart < TokenFileLayout.HeadSize)
        {
            throw Damaged(path, "it is cut short");
        }

        var info = ReadInfo(stream, footerStart, (int)footerLength, path, out var footer);
        return (info, Sum(stream, info.Layout.Hashes, footerStart, footer, tail.Slice(8, SHA256.HashSizeInBytes), path));
    }

    private static TokenFileInfo ReadInfo(FileStream stream, long start, int length, string path, out byte[] footer)
    {
        footer = new byte[length];
        stream.Position = start;
        stream.ReadExactly(footer);
        try
        {
            var info = JsonSerializer.Deserialize<TokenFileInfo>(footer) ?? throw new JsonException();
            var consistent = info.Width is 2 or 4 && info.Tokens > 0 && info.Documents > 0 && info.VocabularySize > 0
                && info.TokenizerFingerprint is not null && info.SourceFingerprint is not null && info.Layout.Footer == start;
            return consistent ? info : throw Damaged(path, "its counts do not fit its length");
        }
        catch (Exception e) when (e is JsonException or OverflowException)
        {
            throw Damaged(path, "its description cannot be read");
        }
    }

    private static string Sum(FileStream stream, long from, long to, byte[] footer, ReadOnlySpan<byte> expected, string path)
    {
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = new byte[1 << 16];
        stream.Position = from;
        for (var left = to - from; left > 0;)
        {
            var read = stream.Read(bytes.AsSpan(0, (int)Math.Min(left, bytes.Length)));
            sum.AppendData(bytes.AsSpan(0, read == 0 ? throw Damaged(path, "it is cut short") : read));
            left -= read;
        }

        sum.AppendData(footer);
        var hash = sum.GetHashAndReset();
        return hash.AsSpan().SequenceEqual(expected) ? Convert.ToHexStringLower(hash) : throw Damaged(path, "its checksum does not match");
    }

    private static UserError Damaged(string path, string how) => new($"is damaged: {how}", path, "tokenize the corpus again");
}
