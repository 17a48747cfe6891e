using System.Text.Json.Nodes;
using Heirloom.Encoding;

namespace Heirloom.Tests.Fuzzing;

/// <summary><c>tokenizer.json</c> with every stage that there is.</summary>
public sealed class TokenizerFuzzTests : IDisposable
{
    private static readonly string[] s_texts = ["", "  Hello,  world's  fox! 12345 ½ don't\n", "naïve 日本語 👩‍👩‍👧 \ud800 <s>a</s> b<pad> [MASK]", new('a', 3000), string.Concat(Enumerable.Repeat("xy z\n", 400))];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Changed_values_only_ever_give_user_errors() => Run(iterations: 400);

    [Fact(Explicit = true)]
    public void Mutated_for_minutes() => Run(seconds: Fuzz.Minutes);

    private void Run(int iterations = -1, int seconds = -1)
    {
        var all = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "References", "Tokenizers", "stages.json")))!;
        var cases = all["cases"]!.AsArray().Select(one =>
        {
            var definition = one!["definition"]!.DeepClone().AsObject();
            definition["model"] = all["models"]![one["model"]!.GetValue<string>()]!.DeepClone();
            return (JsonNode)definition;
        }).ToArray();
        Fuzz.Run(
            _folder,
            random =>
            {
                var valid = cases[random.Next(cases.Length)];
                return random.Next(4) == 0
                    ? Fuzz.Bytes(TextEncoding.UTF8.GetBytes(valid.ToJsonString()), random, "{}[]\",:0123456789-\\u")
                    : TextEncoding.UTF8.GetBytes(FuzzedJson.Change(valid, random, cases).ToJsonString());
            },
            content =>
            {
                var tokenizer = TokenizerFile.Parse(content);
                foreach (var text in s_texts)
                {
                    var tokens = tokenizer.Tokenize(text, text.Length % 2 == 0 ? null : "the");
                    tokenizer.Encode(text);
                    tokenizer.Decode(tokens.Ids, special: true);
                }

                TokenizerFile.Serialize(tokenizer.Definition);
            },
            iterations, seconds);
    }
}
