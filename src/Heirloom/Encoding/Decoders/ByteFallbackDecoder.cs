using System.Text;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Decoders;

/// <summary>Reads runs of tokens like <c>&lt;0xE6&gt;</c> as UTF-8; a run that is none becomes one U+FFFD a byte.</summary>
[Stage("ByteFallback")]
public sealed record ByteFallbackDecoder : IDecoder
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public IReadOnlyList<string> DecodeParts(IReadOnlyList<string> parts)
    {
        var result = new List<string>(parts.Count);
        var run = new List<byte>();
        foreach (var part in parts)
        {
            if (ByteTokens.ByteOf(part) is { } value)
            {
                run.Add(value);
                continue;
            }

            Flush();
            result.Add(part);
        }

        Flush();
        return result;

        void Flush()
        {
            if (run.Count == 0)
            {
                return;
            }

            try
            {
                result.Add(Strict.GetString([.. run]));
            }
            catch (DecoderFallbackException)
            {
                result.AddRange(Enumerable.Repeat("\uFFFD", run.Count));
            }

            run.Clear();
        }
    }
}
