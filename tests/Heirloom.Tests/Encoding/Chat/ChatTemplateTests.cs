using System.Text.Json.Nodes;
using CsCheck;
using Heirloom.Encoding.Chat;

namespace Heirloom.Tests.Encoding.Chat;

public sealed class ChatTemplateTests
{
    private static readonly JsonObject[] s_lines =
        [.. File.ReadLines(Checkout.Folder("tests/Heirloom.Tests/References/chat/templates.jsonl")).Select(l => JsonNode.Parse(l)!.AsObject())];

    public static TheoryData<int> Cases => [.. Enumerable.Range(1, s_lines.Length - 1)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void WritesWhatTheReferenceWrites(int line)
    {
        var template = s_lines[line]["template"]!.GetValue<string>();
        if (s_lines[line]["text"] is { } text)
        {
            Assert.Equal(text.GetValue<string>(), ChatTemplate.Parse(template).Render(Conversation()).Text);
        }
        else
        {
            var error = Assert.Throws<UserError>(() => ChatTemplate.Parse(template).Render(Conversation()));
            Assert.StartsWith("chat template: line 1: ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void SaysWhereAssistantsWrite()
    {
        var chat = ChatTemplate.Parse("{% for m in messages %}<{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}{% else %}{{ m.content }}{% endif %}>{% endfor %}")
            .Render(new() { Messages = ChatTemplateInput.Turns(("user", "hi"), ("assistant", "there"), ("user", "."), ("assistant", "bye")), Now = default });

        Assert.Equal(["there", "bye"], chat.Generated.Select(r => chat.Text[r]));
    }

    [Theory]
    [InlineData("{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% set n = namespace(s='xxxxxxxx') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}")]
    [InlineData("{% set n = namespace(l=[1]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}")]
    [InlineData("{{ 'x' * 1000000000000 }}")]
    [InlineData("{{ 'x'.ljust(1000000000000) }}")]
    [InlineData("{{ range(1000000000) }}")]
    [InlineData("{{ 9 ** 99 ** 9 }}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% set n = namespace(x=[]) %}{% for i in range(100000) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}")]
    [InlineData("{% set n = namespace(x=[]) %}{% for i in range(100000) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x | tojson }}")]
    [InlineData("{% set n = namespace(x=[], y=[]) %}{% for i in range(100000) %}{% set n.x = [n.x] %}{% set n.y = [n.y] %}{% endfor %}{{ n.x == n.y }}")]
    [InlineData("{% set x = 'x'.ljust(-1000000000000) %}{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% set x = 'x' | center(-1000000000000) %}{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{{ [1] | batch(9223372036854775807, 0) }}")]
    [InlineData("{{ [1] | batch(4294967297, 0) }}")]
    [InlineData("{{ (['x' * 1000000] * 10000) | join }}")]
    [InlineData("{{ ','.join(['x' * 1000000] * 10000) }}")]
    [InlineData("{{ (['x' * 1000000] * 10000) | tojson }}")]
    [InlineData("{{ ('%s' * 10000) % (('x' * 1000000,) * 10000) }}")]
    [InlineData("{{ ('{0}' * 10000).format('x' * 1000000) }}")]
    [InlineData("{{ ('x' * 10000).replace('', 'y' * 1000000) }}")]
    [InlineData("{{ (-9223372036854775807 - 1) | abs }}")]
    public void StopsWhatGoesOnForTooLong(string template) => Assert.Throws<UserError>(() => Render(template, new() { Steps = 3_000_000, Characters = 1 << 20 }));

    [Theory]
    [InlineData("{{ range(4294967296, 1) | list }}", "[]")]
    [InlineData("{{ range(9000000000000000000, -9000000000000000000) | list }}", "[]")]
    [InlineData("{{ 'x' | center(-9223372036854775807 - 1) }}", "x")]
    public void WhatIsFarBelowZeroIsNothing(string template, string text) => Assert.Equal(text, Render(template));

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("-", "")]
    [InlineData("not ", "")]
    public void RefusesDeepNesting(string open, string close) =>
        Assert.Throws<UserError>(() => Render("{{ " + string.Concat(Enumerable.Repeat(open, 100_000)) + "1" + string.Concat(Enumerable.Repeat(close, 100_000)) + " }}"));

    [Fact]
    public void LongChainsEndInATextOrOneLine()
    {
        try
        {
            Assert.Equal("200000", Render("{{ " + string.Join(" + ", Enumerable.Repeat("1", 200_000)) + " }}"));
        }
        catch (UserError e)
        {
            Assert.Contains("nested too deeply", e.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Broken templates end in a text or in one line, whatever is wrong with them.</summary>
    [Fact]
    public void SurvivesAnything()
    {
        var sources = s_lines.Skip(1).Select(l => l["template"]!.GetValue<string>()).ToArray();
        var pieces = new[] { "{{", "}}", "{%", "%}", "{#", "#}", "-", "|", "(", ")", "[", "]", "'", "\"", "\\", " for ", " in ", " if ", " else ", "endfor", "set ", "=", ".", ",", ":", "~", "**", "9", "🙂", "\n", "loop", "messages", " is ", "raw", "\ud800" };
        var edit = Gen.Select(Gen.Int[0, 400], Gen.Int[0, 12], Gen.Int[0, pieces.Length - 1].Select(i => pieces[i]));
        Gen.Select(Gen.Int[0, sources.Length - 1].Select(i => sources[i]), edit.Array[1, 4]).Sample(
            (source, edits) =>
            {
                foreach (var (at, cut, piece) in edits)
                {
                    var start = Math.Min(at, source.Length);
                    source = source[..start] + piece + source[Math.Min(source.Length, start + cut)..];
                }

                try
                {
                    ChatTemplate.Parse(source).Render(Conversation(), new() { Steps = 200_000, Characters = 1 << 18 });
                }
                catch (UserError)
                {
                }
            }, iter: 2_000, threads: 1);
    }

    private static string Render(string template, ChatTemplateLimits? limits = null) => ChatTemplate.Parse(template).Render(Conversation(), limits).Text;

    private static ChatTemplateInput Conversation() => new()
    {
        Messages = s_lines[0]["messages"]!.DeepClone().AsArray(),
        Tools = s_lines[0]["tools"]!.DeepClone().AsArray(),
        SpecialTokens = new Dictionary<string, string> { ["bos_token"] = "<s>", ["eos_token"] = "</s>" },
        Now = new(2026, 3, 5, 14, 7, 9, TimeSpan.Zero),
    };
}
