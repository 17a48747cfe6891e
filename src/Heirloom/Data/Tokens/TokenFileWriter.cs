using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;

namespace Heirloom.Data.Tokens;

/// <summary>Writes token files: once, streaming, there whole or not at all.</summary>
public static class TokenFileWriter
{
    /// <summary>Writes documents in order; holds one of them at a time.</summary>
    /// <param name="path">The file to make.</param>
    /// <param name="info">Vocabulary size, fingerprints and separator; counts and width are filled in.</param>
    /// <param name="documents">The documents; enumerated once.</param>
    /// <returns>The completed description.</returns>
    /// <exception cref="UserError">There is no token at all, the disk is full, or the folder cannot be written; nothing is left behind.</exception>
    public static TokenFileInfo Write(string path, TokenFileInfo info, IEnumerable<EncodedDocument> documents)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(info.VocabularySize);
        var done = info;
        Atomic.WriteFile(path, stream => done = Write(stream, path, info with { Version = TokenFileInfo.CurrentVersion, Width = info.VocabularySize <= 1 << 16 ? 2 : 4 }, documents));
        return done;
    }

    private static TokenFileInfo Write(Stream stream, string path, TokenFileInfo info, IEnumerable<EncodedDocument> documents)
    {
        // offsets of a hundred million documents do not belong in memory
        var spill = Atomic.Scratch(path);
        using var offsets = new FileStream(spill, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose, BufferSize = 1 << 16 });
        var body = new HashedBody(stream);
        Span<byte> head = stackalloc byte[TokenFileLayout.HeadSize];
        head.Clear();
        TokenFileLayout.Magic.CopyTo(head);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], info.Version);
        body.Write(head);

        var (tokens, count, text) = (0L, 0L, 0L);
        Span<byte> offset = stackalloc byte[sizeof(long)];
        foreach (var document in documents)
        {
            WriteIds(body, document.Ids, info);
            tokens += document.Ids.Count;
            text += document.TextBytes;
            count++;
            BinaryPrimitives.WriteInt64LittleEndian(offset, tokens);
            offsets.Write(offset);
        }

        if (tokens == 0)
        {
            throw new UserError("there is no token to write", path, "name a source that holds text");
        }

        info = info with { Tokens = tokens, Documents = count, TextBytes = text };
        body.Pad(info.Layout.Offsets);
        offsets.Position = 0;
        body.CopyFrom(offsets);
        var hashes = body.Finish();
        var footer = JsonSerializer.SerializeToUtf8Bytes(info);
        stream.Write(hashes);
        stream.Write(footer);
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sum.AppendData(hashes);
        sum.AppendData(footer);
        BinaryPrimitives.WriteInt64LittleEndian(offset, footer.Length);
        stream.Write(offset);
        stream.Write(sum.GetHashAndReset());
        stream.Write(TokenFileLayout.Magic);
        return info;
    }

    private static void WriteIds(HashedBody body, IReadOnlyList<int> ids, TokenFileInfo info)
    {
        Span<byte> bytes = stackalloc byte[4];
        for (var i = 0; i < ids.Count; i++)
        {
            var id = ids[i];
            if ((uint)id >= (uint)info.VocabularySize)
            {
                throw new ArgumentOutOfRangeException(nameof(ids), id, $"not in a vocabulary of {info.VocabularySize}");
            }

            BinaryPrimitives.WriteInt32LittleEndian(bytes, id);
            body.Write(bytes[..info.Width]);
        }
    }

    /// <summary>Gathers blocks, hashes each when it is full and passes it on.</summary>
    private sealed class HashedBody(Stream stream)
    {
        private readonly byte[] _block = new byte[TokenFileLayout.BlockSize];
        private readonly List<byte> _hashes = [];
        private int _filled;
        private long _written;

        public void Write(ReadOnlySpan<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                var take = Math.Min(bytes.Length, _block.Length - _filled);
                bytes[..take].CopyTo(_block.AsSpan(_filled));
                _filled += take;
                _written += take;
                bytes = bytes[take..];
                if (_filled == _block.Length)
                {
                    Flush();
                }
            }
        }

        public void Pad(long length)
        {
            Span<byte> zeros = stackalloc byte[8];
            zeros.Clear();
            Write(zeros[..(int)(length - _written)]);
        }

        public void CopyFrom(Stream source)
        {
            var bytes = new byte[1 << 16];
            for (int read; (read = source.Read(bytes)) > 0;)
            {
                Write(bytes.AsSpan(0, read));
            }
        }

        public byte[] Finish()
        {
            if (_filled > 0)
            {
                Flush();
            }

            return _hashes.ToArray();
        }

        private void Flush()
        {
            var block = _block.AsSpan(0, _filled);
            Span<byte> hash = stackalloc byte[TokenFileLayout.HashSize];
            BinaryPrimitives.WriteUInt64LittleEndian(hash, TokenFileLayout.HashOf(block));
            _hashes.AddRange(hash);
            stream.Write(block);
            _filled = 0;
        }
    }
}
