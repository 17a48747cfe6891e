using Heirloom.Encoding;

namespace Heirloom.Tests.Fuzzing;

/// <summary>SentencePiece's models, of both kinds, with a character map.</summary>
public sealed class SentencePieceFuzzTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Explicit = true)]
    [InlineData("unigram.model")]
    [InlineData("bpe.model")]
    public void Mutated_for_minutes(string name)
    {
        var valid = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "References", "SentencePiece", name));
        var path = _folder / "tokenizer.model";
        Fuzz.Run(
            _folder,
            random => [0x0A, .. Fuzz.Bytes(valid, random, "\x0A\x12\x15\x18\x1A\x22\x2A\x01\x02\x03\x7F\x80\xFF").Skip(1)],
            content =>
            {
                File.WriteAllBytes(path, content);
                var tokenizer = TokenizerFile.Load(path);
                tokenizer.Decode(tokenizer.Encode("Hello  world ﬁ ½ é 日本語 \ud800 " + new string('a', 500), special: true));
            },
            seconds: Fuzz.Minutes / 2);
    }
}
