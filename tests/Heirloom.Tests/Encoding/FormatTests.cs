using System.Text;
using CsCheck;
using Heirloom.Encoding;

namespace Heirloom.Tests.Encoding;

public sealed class FormatTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("heirloom-formats-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void VocabularyTextIsBerts()
    {
        Write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nca\n##fe\n");
        Assert.Equal([2, 5, 6, 7, 3], TokenizerFile.Load(_folder).Encode("The CAFÉ", special: true));
        Write("tokenizer_config.json", """{"do_lower_case":false,"tokenizer_class":"BertTokenizer"}""");
        var cased = TokenizerFile.Load(_folder);
        Assert.Equal([1, 6, 7], cased.Encode("The cafe"));
        var pair = cased.Tokenize("the", "cafe");
        Assert.Equal([2, 5, 3, 6, 7, 3], pair.Ids);
        Assert.Equal([0, 0, 0, 1, 1, 1], pair.TypeIds);
        Assert.Equal((0, 2), pair.Offsets[3]);
        Write("vocab.txt", "a\nb\na\n");
        Assert.Contains("vocab.txt:3: 'a' is the token of line 1 too", Assert.Throws<UserError>(() => TokenizerFile.Load(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void VocabularyAndMergesNeedEachOther()
    {
        Write("vocab.json", """{"a":0,"b":1,"ab":2,"<|endoftext|>":3}""");
        Assert.Contains("needs its merges", Assert.Throws<UserError>(() => TokenizerFile.Load(_folder)).Message, StringComparison.Ordinal);
        Write("merges.txt", "#version: 0.2\na b\n");
        Assert.Equal([2, 0, 3], TokenizerFile.Load(_folder).Encode("aba<|endoftext|>"));
        Write("merges.txt", "#version: 0.2\na c\n");
        Assert.Contains("'c' is not in the vocabulary", Assert.Throws<UserError>(() => TokenizerFile.Load(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TokensOfTheFrameMayStandInTheSettingsAlone()
    {
        Write("vocab.json", """{"a":0,"b":1,"ab":2}""");
        Write("merges.txt", "a b\n");
        Write("tokenizer_config.json", """{"tokenizer_class":"RobertaTokenizer","added_tokens_decoder":{"3":{"content":"<s>","special":true},"4":{"content":"</s>","special":true}}}""");
        Assert.Equal([3, 2, 4], TokenizerFile.Load(_folder).Encode("ab", special: true));
    }

    [Fact]
    public void AFrameNeedsItsTokens()
    {
        Write("vocab.json", """{"a":0,"b":1,"ab":2,"<s>":3}""");
        Write("merges.txt", "a b\n");
        Write("tokenizer_config.json", """{"tokenizer_class":"RobertaTokenizer"}""");
        Assert.Contains("not both the beginning and the end", Assert.Throws<UserError>(() => TokenizerFile.Load(_folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SentencePieceWordsThatEndInWhiteSpaceAreRefused()
    {
        File.WriteAllBytes(Path.Combine(_folder, "tokenizer.model"), [.. SentencePiece(1, [("<unk>", 0, 2), ("a", -1, 1)]), 0x12, 3, 0xC0, 0x01, 1]);
        Assert.Contains("ends words with their white space", Assert.Throws<UserError>(() => TokenizerFile.Load(_folder)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void SentencePieceModelsAreRead(int kind)
    {
        File.WriteAllBytes(Path.Combine(_folder, "tokenizer.model"), SentencePiece(kind, [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("▁a", -1, 1), ("b", -2, 1), ("▁", -3, 1), ("a", -4, 1), ("<0xC3>", 0, 6), ("<0xA9>", 0, 6)]));
        var tokenizer = TokenizerFile.Load(_folder);
        Assert.Equal([3, 4, 3], tokenizer.Encode(" ab   a "));
        Assert.Equal([5, 7, 8], tokenizer.Encode("é"));
        Assert.Equal("ab é", tokenizer.Decode(tokenizer.Encode("ab é")));
        Assert.Equal(1, tokenizer.IdOf(tokenizer.Roles.Beginning));
        Write("tokenizer_config.json", """{"tokenizer_class":"LlamaTokenizer"}""");
        Assert.Equal([1, 3], TokenizerFile.Load(_folder).Encode("a", special: true));
        Write("tokenizer_config.json", """{"tokenizer_class":"T5Tokenizer","extra_ids":3}""");
        var t5 = TokenizerFile.Load(_folder);
        Assert.Equal([3, 2], t5.Encode("a", special: true));
        Assert.Equal(11, t5.IdOf("<extra_id_0>"));
        Assert.Equal("<extra_id_2>", t5.TokenOf(9));
    }

    [Fact]
    public void TiktokenRanksNeedAKnownSet()
    {
        var ranks = new StringBuilder();
        for (var b = 0; b < 256; b++)
        {
            ranks.Append(Convert.ToBase64String([(byte)b])).Append(' ').Append(b).Append('\n');
        }

        ranks.Append(Convert.ToBase64String("ab"u8)).Append(" 256\n").Append(Convert.ToBase64String("abc"u8)).Append(" 257\n");
        Write("mine.tiktoken", ranks.ToString());
        Assert.Contains("no published set has 258", Assert.Throws<UserError>(() => TokenizerFile.Load(_folder)).Message, StringComparison.Ordinal);
        File.Move(Path.Combine(_folder, "mine.tiktoken"), Path.Combine(_folder, "cl100k_base.tiktoken"));
        Assert.Equal([257, 32, 256, 100257], TokenizerFile.Load(_folder).Encode("abc ab<|endoftext|>"));
    }

    /// <summary>Bytes changed, cut and random: it loads or it is the user's error.</summary>
    [Fact]
    public void DamagedModelsAreUserErrors()
    {
        var model = SentencePiece(1, [("<unk>", 0, 2), ("▁a", -1, 1), ("b", -2, 1)]);
        var path = Path.Combine(_folder, "tokenizer.model");
        Gen.Select(Gen.Bool, Gen.Byte.Array[1, 60], Gen.Int[0, 1000], Gen.Byte).Sample((random, bytes, at, value) =>
        {
            var damaged = random ? [0x0A, .. bytes] : model.ToArray();
            damaged[at % damaged.Length] = value;
            damaged[0] = 0x0A;
            File.WriteAllBytes(path, damaged[..Math.Max(2, damaged.Length - (at % 3 == 0 ? at % damaged.Length : 0))]);
            try
            {
                TokenizerFile.Load(path).Encode("a b");
            }
            catch (UserError e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }, iter: 500, threads: 1);
    }

    private static byte[] SentencePiece(int kind, IEnumerable<(string Text, float Score, int Kind)> pieces)
    {
        var file = new List<byte>();
        foreach (var (text, score, type) in pieces)
        {
            var bytes = TextEncoding.UTF8.GetBytes(text);
            byte[] piece = [0x0A, (byte)bytes.Length, .. bytes, 0x15, .. BitConverter.GetBytes(score), 0x18, (byte)type];
            file.AddRange([0x0A, (byte)piece.Length, .. piece]);
        }

        byte[] trainer = [0x18, (byte)kind, 0x98, 0x02, 1]; // kind; byte_fallback is field 35
        return [.. file, 0x12, (byte)trainer.Length, .. trainer];
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);
}
