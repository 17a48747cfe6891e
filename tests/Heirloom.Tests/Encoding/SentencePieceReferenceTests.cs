using System.Text.Json;
using Heirloom.Encoding;

namespace Heirloom.Tests.Encoding;

/// <summary>
/// Models that SentencePiece trained give the ids that SentencePiece gives (see the README beside the references), and the text, but for the unknown, which it
/// writes as ⁇.
/// </summary>
public sealed class SentencePieceReferenceTests
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "References", "SentencePiece");

    [Theory]
    [InlineData("unigram")]
    [InlineData("bpe")]
    public void Agrees(string name)
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(s_folder, "expected.json")));
        var tokenizer = TokenizerFile.Load(Path.Combine(s_folder, $"{name}.model"));
        var wrong = new List<string>();
        foreach (var (text, line) in expected.RootElement.GetProperty("texts").EnumerateArray().Zip(expected.RootElement.GetProperty("models").GetProperty(name).EnumerateArray()))
        {
            int[] ids = [.. line.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32())];
            var ours = tokenizer.Encode(text.GetString()!);
            if (!ours.SequenceEqual(ids))
            {
                wrong.Add($"'{text}': [{string.Join(' ', ours.Select(tokenizer.TokenOf))}] instead of [{string.Join(' ', ids.Select(tokenizer.TokenOf))}]");
            }
            else if (!ids.Contains(0) && tokenizer.Decode(ids) is var decoded && decoded != line.GetProperty("decoded").GetString())
            {
                wrong.Add($"'{text}': decoded as '{decoded}' instead of '{line.GetProperty("decoded")}'");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }
}
