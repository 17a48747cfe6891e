using System.Text;

namespace Heirloom.Cli.Verbs.Tokenizers;

/// <summary>Reads a file line by line, in batches. A line ends at a line feed and at nothing else: what other tools may call a line's end is text here.</summary>
internal static class LineBatches
{
    private const int BatchLines = 4096, BatchCharacters = 1 << 20, BufferCharacters = 1 << 16;

    /// <exception cref="UserError">The file cannot be read.</exception>
    public static IEnumerable<List<string>> Read(string path)
    {
        using var reader = Open(path);
        var batch = new List<string>();
        var (line, characters) = (new StringBuilder(), 0);
        var buffer = new char[BufferCharacters];
        while (reader.Read(buffer) is var read and > 0)
        {
            var rest = buffer.AsMemory(0, read);
            while (rest.Span.IndexOf('\n') is var end and >= 0)
            {
                batch.Add(line.Append(rest[..end]).ToString());
                characters += line.Length;
                line.Clear();
                rest = rest[(end + 1)..];
                if (batch.Count == BatchLines || characters >= BatchCharacters)
                {
                    yield return batch;
                    (batch, characters) = ([], 0);
                }
            }

            line.Append(rest);
        }

        if (line.Length > 0)
        {
            batch.Add(line.ToString());
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private static StreamReader Open(string path)
    {
        try
        {
            return new(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), detectEncodingFromByteOrderMarks: false, BufferCharacters);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UserError($"cannot read: {e.Message}", path, inner: e);
        }
    }
}
