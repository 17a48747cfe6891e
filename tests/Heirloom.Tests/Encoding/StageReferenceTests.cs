using System.Text.Json;
using Heirloom.Encoding;
using Heirloom.Encoding.Stages;

namespace Heirloom.Tests.Encoding;

/// <summary>Every stage in every setting against what the ecosystem's library says (see the README beside the references).</summary>
public class StageReferenceTests
{
    private static readonly Lazy<JsonElement> All = new(() => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "References", "Tokenizers", "stages.json"))).RootElement);

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, All.Value.GetProperty("cases").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Agrees(int number)
    {
        var one = All.Value.GetProperty("cases")[number];
        var tokenizer = Open(one);
        var again = TokenizerFile.Parse(TokenizerFile.Serialize(tokenizer.Definition));
        foreach (var (i, line) in one.GetProperty("lines").EnumerateArray().Index())
        {
            var text = All.Value.GetProperty("texts")[i].GetString()!;
            if (line.ValueKind == JsonValueKind.Null)
            {
                Assert.Throws<UserError>(() => (tokenizer.Encode(text), tokenizer.Tokenize(text, "the")));
                continue;
            }

            var ids = Ids(line, "ids")!;
            var special = Ids(line, "special") ?? ids;
            var full = tokenizer.Tokenize(text);
            Assert.Equal(ids, tokenizer.Encode(text));
            Assert.Equal(special, tokenizer.Encode(text, special: true));
            Assert.Equal(special, full.Ids);
            Assert.Equal(special, again.Encode(text, special: true));
            Assert.Equal(Ids(line, "offsets"), CodePoints(full, text));
            if (Ids(line, "pair") is { } pair)
            {
                var both = tokenizer.Tokenize(text, "the");
                Assert.Equal(pair, both.Ids);
                Assert.Equal(Ids(line, "types"), both.TypeIds);
            }

            if (line.TryGetProperty("decoded", out var decoded))
            {
                Assert.Equal(decoded.GetString(), tokenizer.Decode(ids));
            }
        }
    }

    private static Tokenizer Open(JsonElement one)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            foreach (var property in one.GetProperty("definition").EnumerateObject())
            {
                property.WriteTo(writer);
            }

            writer.WritePropertyName("model");
            All.Value.GetProperty("models").GetProperty(one.GetProperty("model").GetString()!).WriteTo(writer);
            writer.WriteEndObject();
        }

        return TokenizerFile.Parse(stream.ToArray());
    }

    private static int[]? Ids(JsonElement line, string name) => line.TryGetProperty(name, out var ids) ? [.. ids.EnumerateArray().Select(i => i.GetInt32())] : null;

    /// <summary>Offsets count UTF-16 units, the references code points.</summary>
    private static IEnumerable<int> CodePoints(TokenizedText tokens, string text) =>
        tokens.Offsets.SelectMany(o => new[] { o.Start, o.End }).Select(at => text[..at].EnumerateRunes().Count());
}
