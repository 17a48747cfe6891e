using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Heirloom.Data.Sources;

/// <summary>How a file's bytes become characters.</summary>
public enum Charset
{
    /// <summary>UTF-8; anything else is refused with its byte offset rather than replaced in silence.</summary>
    Utf8,

    /// <summary>ISO 8859-1, in which every byte is a character.</summary>
    Latin1,
}

/// <summary>Decodes a stream piece by piece and refuses, with the offset, what is not in the charset. A byte order mark is skipped.</summary>
internal sealed class StrictText(Stream stream, string where, Charset charset) : IDisposable
{
    private readonly byte[] _bytes = new byte[1 << 16];
    private readonly char[] _chars = new char[1 << 16];
    private long _offset;
    private int _held, _at, _available;
    private bool _ended, _started;

    /// <summary>The rest of the stream as one string.</summary>
    /// <exception cref="UserError">Longer than <paramref name="maxCharacters"/>, or not in the charset.</exception>
    public string ReadToEnd(int maxCharacters)
    {
        var text = new StringBuilder();
        while (Fill())
        {
            Append(text, _chars.AsSpan(_at, _available - _at), maxCharacters, where);
            _at = _available;
        }

        return text.ToString();
    }

    /// <summary>Reads to the end for nothing but the refusal of what is no text.</summary>
    public void Skip()
    {
        while (Fill())
        {
            _at = _available;
        }
    }

    /// <summary>The next line without its end (LF, CRLF or CR-free end of file); false at the end.</summary>
    public bool ReadLine(StringBuilder line, int maxCharacters, long lineNumber)
    {
        line.Clear();
        var any = false;
        while (Fill())
        {
            any = true;
            var rest = _chars.AsSpan(_at, _available - _at);
            var end = rest.IndexOf('\n');
            Append(line, end < 0 ? rest : rest[..end], maxCharacters, where, lineNumber);
            _at += end < 0 ? rest.Length : end + 1;
            if (end >= 0)
            {
                break;
            }
        }

        if (line.Length > 0 && line[^1] == '\r')
        {
            line.Length--;
        }

        return any;
    }

    public void Dispose() => stream.Dispose();

    private static void Append(StringBuilder text, ReadOnlySpan<char> more, int maxCharacters, string where, long? lineNumber = null)
    {
        DocumentLimits.Require((long)text.Length + more.Length, maxCharacters, lineNumber is null ? where : $"{where}:{lineNumber}");
        text.Append(more);
    }

    /// <summary>Makes characters available; false at the end of the stream.</summary>
    private bool Fill()
    {
        while (_at == _available)
        {
            if (_ended && _held == 0)
            {
                return false;
            }

            if (!_ended)
            {
                var read = ReadBytes();
                _ended = read == 0;
                _held += read;
            }

            Decode();
        }

        return true;
    }

    private int ReadBytes()
    {
        try
        {
            return stream.Read(_bytes, _held, _bytes.Length - _held);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new UserError($"cannot be read: {e.Message}", where, "the file is damaged or cut short: copy it again", e);
        }
    }

    private void Decode()
    {
        if (!_started && _held < 3 && !_ended)
        {
            return;
        }

        var bytes = _bytes.AsSpan(0, _held);
        var skipped = 0;
        if (!_started)
        {
            _started = true;
            skipped = charset == Charset.Utf8 && bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? 3 : 0;
            bytes = bytes[skipped..];
        }

        int read;
        if (charset == Charset.Latin1)
        {
            (read, _available) = (bytes.Length, TextEncoding.Latin1.GetChars(bytes, _chars));
        }
        else if (Utf8.ToUtf16(bytes, _chars, out read, out _available, replaceInvalidSequences: false, isFinalBlock: _ended) == OperationStatus.InvalidData)
        {
            // what comes before the bad byte is of no use without it
            throw NotText(_offset + skipped + read, bytes[read]);
        }

        _at = 0;
        _offset += skipped + read;
        _held -= skipped + read;
        _bytes.AsSpan(skipped + read, _held).CopyTo(_bytes);
    }

    private UserError NotText(long offset, byte value) =>
        new($"is not UTF-8: byte 0x{value:X2} at offset {offset}", where, "save it as UTF-8, or say encoding: latin1");
}
