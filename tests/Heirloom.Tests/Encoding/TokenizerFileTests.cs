using System.Text.Json.Nodes;
using CsCheck;
using Heirloom.Encoding;
using Heirloom.Encoding.PostProcessors;
using Heirloom.Encoding.Stages;

namespace Heirloom.Tests.Encoding;

public sealed class TokenizerFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("heirloom-tokenizer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void FoldersRoundTrip()
    {
        Samples.Bpe.WriteTo(_folder);
        var loaded = TokenizerFile.Load(_folder);
        Assert.Equal(Samples.Bpe.Fingerprint, loaded.Fingerprint);
        Assert.Equal(Samples.Bpe.Roles, loaded.Roles);
        Assert.Equal(Samples.Bpe.Encode(Samples.Text[2]), loaded.Encode(Samples.Text[2]));
        var first = File.ReadAllBytes(Path.Combine(_folder, "tokenizer.json"));
        TokenizerFile.Save(loaded, Path.Combine(_folder, "again.json"));
        Assert.Equal(first, File.ReadAllBytes(Path.Combine(_folder, "again.json")));
        Assert.Contains("\"eos_token\": \"<|endoftext|>\"", File.ReadAllText(Path.Combine(_folder, "special_tokens_map.json")), StringComparison.Ordinal);
        Assert.Contains("PreTrainedTokenizerFast", File.ReadAllText(Path.Combine(_folder, "tokenizer_config.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryStageRoundTrips()
    {
        var wordPiece = TokenizerFile.Parse(Samples.WordPiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##b"]));
        var again = TokenizerFile.Parse(TokenizerFile.Serialize(wordPiece.Definition));
        Assert.Equal(wordPiece.Fingerprint, again.Fingerprint);
        Assert.Equal(wordPiece.Encode("ab AB é", special: true), again.Encode("ab AB é", special: true));
    }

    [Fact]
    public void BothFormsOfMergesAreRead()
    {
        var root = JsonNode.Parse(TokenizerFile.Serialize(Samples.Bpe.Definition))!;
        var merges = root["model"]!["merges"]!.AsArray();
        for (var i = 0; i < merges.Count; i++)
        {
            merges[i] = new JsonArray([.. merges[i]!.GetValue<string>().Split(' ').Select(t => (JsonNode)t)]);
        }

        Assert.Equal(Samples.Bpe.Fingerprint, Parse(root).Fingerprint);
    }

    [Theory]
    [InlineData("normalizer", """{"type":"NFX"}""", "normalizer 'NFX' is not known")]
    [InlineData("pre_tokenizer", """{"type":"Hyperspace"}""", "pre_tokenizer 'Hyperspace' is not known")]
    [InlineData("decoder", "{}", "the decoder has no type")]
    [InlineData("decoder", """{"type":"ByteLevel","surprise":1}""", "surprise")]
    [InlineData("truncation", """{"max_length":5,"stride":7}""", "do not go together")]
    [InlineData("version", "\"2.0\"", "version '2.0'")]
    [InlineData("added_tokens", """[{"id":0,"content":"xyz"}]""", "both have id 0")]
    [InlineData("added_tokens", """[{"id":90000000,"content":"xyz"}]""", "but there are only")]
    [InlineData("added_tokens", """[{"id":-1,"content":"xyz"}]""", "negative id")]
    [InlineData("added_tokens", """[{"id":320,"content":"xyz"},{"id":321,"content":"xyz"}]""", "'xyz' has id 321 here and ")]
    [InlineData("added_tokens", """[{"id":320,"content":""}]""", "the token is empty")]
    [InlineData("added_tokens", "[null]", "the token is empty")]
    [InlineData("added_tokens", "null", "not a tokenizer")]
    [InlineData("model", """{"type":"Unigram","vocab":[["<|endoftext|>",0],["<pad>",0]],"unk_id":7}""", "7 is not in the vocabulary")]
    [InlineData("model", """{"type":"BPE","vocab":{"<|endoftext|>":0,"<pad>":1,"a":2},"merges":["a c"]}""", "'c' is not in the vocabulary")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["a"]}""", "a merge is two tokens")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}""", "uplicate")]
    [InlineData("model", """{"type":"BPE","vocab":{"<|endoftext|>":0,"<pad>":1},"merges":[],"dropout":1.5}""", "1.5 is not a probability")]
    [InlineData("model", """{"type":"WordPiece","vocab":{"<|endoftext|>":0,"<pad>":1},"unk_token":"u"}""", "'u' is not in the vocabulary")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"C"}}],"pair":[],"special_tokens":{}}""", "'C' is no sequence")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}],"pair":[],"special_tokens":{}}""", "'x' is not defined")]
    public void SaysWhatIsWrong(string key, string value, string message)
    {
        var root = JsonNode.Parse(TokenizerFile.Serialize(Samples.Bpe.Definition))!;
        root[key] = "(value)";
        var json = root.ToJsonString().Replace("\"(value)\"", value, StringComparison.Ordinal);
        var error = Assert.Throws<UserError>(() => TokenizerFile.Parse(TextEncoding.UTF8.GetBytes(json), "folder/tokenizer.json"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("folder/tokenizer.json: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void MissingFilesAreUserErrors()
    {
        Assert.Throws<UserError>(() => TokenizerFile.Load(Path.Combine(_folder, "nowhere")));
        Assert.Throws<UserError>(() => TokenizerFile.Load(_folder));
        Samples.Bpe.WriteTo(_folder);
        File.WriteAllText(Path.Combine(_folder, "special_tokens_map.json"), """{"eos_token":{"content":"<gone>"}}""");
        Assert.Contains("<gone>", Assert.Throws<UserError>(() => TokenizerFile.Load(_folder)).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_folder, "special_tokens_map.json"), "[");
        Assert.Throws<UserError>(() => TokenizerFile.Load(_folder));
    }

    /// <summary>Bytes changed, cut out and repeated: it loads or it is the user's error, never another exception.</summary>
    [Fact]
    public void DamagedFilesAreUserErrors()
    {
        var small = JsonNode.Parse(Samples.WordPiece(["[UNK]", "[CLS]", "[SEP]", "a", "##b"]))!.ToJsonString();
        var bpe = TextEncoding.UTF8.GetString(TokenizerFile.Serialize(Samples.Bpe.Definition));
        Gen.Select(Gen.OneOf(small, bpe), Gen.Int[0, int.MaxValue], Gen.Int[0, 8], Gen.OneOf("", "null", "-1", "\"", "{}", "[]", "1e9", "\\ud800", "true", "\0", "\"type\":\"BPE\",")).Sample((json, place, length, junk) =>
        {
            var at = place % json.Length;
            var damaged = TextEncoding.UTF8.GetBytes(json[..at] + junk + json[Math.Min(json.Length, at + length)..]);
            try
            {
                TokenizerFile.Parse(damaged).Encode("a b", special: true);
            }
            catch (UserError e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }, iter: 3_000);
    }

    [Fact]
    public void ReferenceFilesRoundTrip()
    {
        if (Reference.Find("gpt2") is not { } reference)
        {
            return;
        }

        var tokenizer = TokenizerFile.Load(reference.Folder);
        var again = TokenizerFile.Parse(TokenizerFile.Serialize(tokenizer.Definition));
        Assert.Equal(((BpeModel)tokenizer.Definition.Model).Merges, ((BpeModel)again.Definition.Model).Merges);
        Assert.Equal(reference.Ids, reference.Lines.Select(line => again.Encode(line)));
    }

    private static Tokenizer Parse(JsonNode root) => TokenizerFile.Parse(TextEncoding.UTF8.GetBytes(root.ToJsonString()));
}
