using System.Text.Json.Nodes;
using Heirloom.Encoding.Chat;

namespace Heirloom.Tests.Fuzzing;

/// <summary>Chat templates put together of parts of others.</summary>
public sealed class ChatTemplateFuzzTests : IDisposable
{
    private static readonly string[] s_pieces =
    [
        "{{", "}}", "{%", "%}", "{#", "#}", "{%-", "-%}", "|", "(", ")", "[", "]", "'", "\"", "\\", " for ", " in ", " if ", " else ", "{% endfor %}", "{% endif %}", "{% set ", "=", ".", ",", ":", "~", "**", "//",
        "%", "9", "999999999999", "1e9", "🙂", "\n", "loop", "loop.cycle", "messages", " is ", "raw", "\ud800", "range(100000000)", "'a' * 100000000", "[0] * 100000000", "namespace(", "macro f(x)", "f(f)", "{% endmacro %}",
        "|tojson(indent=1000000)", "|replace('', 'aaaa')", "|join(", "|indent(99999999)", "|center(99999999)", "|batch(0)", "|map('upper')", "|length", "|sort", "|reverse", ".split('')", ".format(1)", "%s", "strftime_now('%Y')",
        "{{ '%99999999d' % 1 }}", "{% for i in range(1000) %}{% for j in range(1000) %}{% for k in range(1000) %}", "|list", "|string * 1000", "{% set x = x ~ x %}",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Explicit = true)]
    public void Mutated_for_minutes()
    {
        var lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "References", "chat", "templates.jsonl")).Select(l => JsonNode.Parse(l)!).ToArray();
        var sources = lines.Skip(1).Select(l => l["template"]!.GetValue<string>()).ToArray();
        Fuzz.Run(
            _folder,
            random =>
            {
                var source = sources[random.Next(sources.Length)];
                for (var changes = random.Next(1, 6); changes > 0; changes--)
                {
                    var (at, cut) = (random.Next(source.Length + 1), random.Next(4) == 0 ? random.Next(30) : 0);
                    var other = sources[random.Next(sources.Length)];
                    var from = random.Next(other.Length + 1);
                    var piece = random.Next(3) == 0 ? other.Substring(from, random.Next(Math.Min(60, other.Length - from + 1))) : s_pieces[random.Next(s_pieces.Length)];
                    source = source[..at] + piece + source[Math.Min(source.Length, at + cut)..];
                }

                return TextEncoding.UTF8.GetBytes(source);
            },
            content => ChatTemplate.Parse(TextEncoding.UTF8.GetString(content)).Render(new()
            {
                Messages = lines[0]["messages"]!.DeepClone().AsArray(),
                Tools = lines[0]["tools"]!.DeepClone().AsArray(),
                SpecialTokens = new Dictionary<string, string> { ["bos_token"] = "<s>", ["eos_token"] = "</s>" },
                Now = default,
            }),
            seconds: Fuzz.Minutes, bytes: 4_000_000_000);
    }
}
