using Heirloom.Checkpoints;
using Heirloom.Encoding;
using Heirloom.Encoding.Chat;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

/// <summary>Rows of embeddings follow their tokens, by mergekit's rules.</summary>
public sealed class MergeVocabularyTests : IDisposable
{
    private const string Two = "models:\n  - {model: a, parameters: {weight: 1}}\n  - {model: b, parameters: {weight: 1}}\nmerge_method: linear\n";
    private readonly MergeFixture _models = new();
    private readonly Tokenizer _one = Words("<unk>", "the", "cat", "sat"), _two = Words("<unk>", "sat", "the", "dog", "ran");

    public MergeVocabularyTests()
    {
        Save("a", 1, _one);
        Save("b", 2, _two);
    }

    public void Dispose() => _models.Dispose();

    [Fact]
    public void Union_has_the_rows_of_both()
    {
        _models.Merge(Two + "tokenizer_source: union\n");
        var merged = Loaded("out");
        Assert.Equal(["<unk>", "the", "cat", "sat", "dog", "ran"], Enumerable.Range(0, merged.VocabularySize).Select(i => merged.TokenOf(i)));
        foreach (var tensor in (string[])["model.embed_tokens.weight", "lm_head.weight"])
        {
            Row(tensor, "the", ("a", 1, 0.5), ("b", 2, 0.5));
            Row(tensor, "sat", ("a", 3, 0.5), ("b", 1, 0.5));
            Row(tensor, "cat", ("a", 2, 1));
            Row(tensor, "ran", ("b", 4, 1));
        }

        using var scope = NewDisposeScope();
        Assert.Equal(6, ((ILanguageModel)Checkpoint.Load(_models.Folder("out")).Model).VocabularySize);
    }

    [Fact]
    public void Base_keeps_its_tokens_and_files()
    {
        File.WriteAllText(Path.Combine(_models.Folder("a"), "generation_config.json"), "{\"top_k\": 7}");
        _models.Merge(Two + "base_model: a\ntokenizer_source: base\n");
        Assert.Equal(File.ReadAllText(Path.Combine(_models.Folder("a"), "tokenizer.json")), File.ReadAllText(Path.Combine(_models.Folder("out"), "tokenizer.json")));
        Assert.Equal("{\"top_k\": 7}", File.ReadAllText(Path.Combine(_models.Folder("out"), "generation_config.json")));
        Row("lm_head.weight", "sat", ("a", 3, 0.5), ("b", 1, 0.5));
        Row("lm_head.weight", "cat", ("a", 2, 1));
    }

    [Fact]
    public void Another_model_may_give_the_tokens()
    {
        _models.Merge(Two + "base_model: a\ntokenizer_source: b\n");
        Assert.Equal(["<unk>", "sat", "the", "dog", "ran"], Enumerable.Range(0, 5).Select(i => Loaded("out").TokenOf(i)));
        Row("model.embed_tokens.weight", "dog", ("b", 3, 1));
    }

    [Fact]
    public void Rows_come_from_where_the_recipe_says_and_padding_is_their_mean()
    {
        _models.Merge(Two + """
            tokenizer:
              source: union
              pad_to_multiple_of: 8
              tokens:
                the: {source: b, force: true}
                dog: {source: {kind: model_token, model: a, token: cat}}
                new: {source: {kind: zero}}
            """);
        var merged = Loaded("out");
        Assert.Equal("new", merged.TokenOf(6));
        Row("lm_head.weight", "the", ("b", 2, 1));
        Row("lm_head.weight", "dog", ("a", 2, 0.5), ("b", 3, 0.5));
        Row("lm_head.weight", "new");
        var rows = _models.Values("out")["lm_head.weight"].Chunk(16).ToArray();
        Assert.Equal(8, rows.Length);
        Assert.All(Enumerable.Range(0, 16), i => Assert.Equal(rows[..7].Average(r => r[i]), rows[7][i], 1e-6));
    }

    [Theory]
    [InlineData("", "the vocabularies differ: 4 rows in a, 5 in b")]
    [InlineData("tokenizer_source: c\n", "'c' is no model of this merge")]
    [InlineData("tokenizer: {source: union, tokens: {x: {source: {kind: model_token, model: a, token: dog}}}}\n", "a has no token 'dog'")]
    [InlineData("tokenizer: {source: union, tokens: {x: {source: {kind: model_token, model: a, token_id: 4}}}}\n", "a has 4 rows, and no row 4")]
    [InlineData("tokenizer: {source: union, tokens: {x: {sourc: a}}}\n", "unknown key 'sourc' in token 'x'; did you mean 'source'?")]
    [InlineData("tokenizer_source: union\nchat_template: chatm\n", "'chat_template' is 'chatm'; did you mean 'chatml'?")]
    public void Refuses_what_is_wrong(string more, string message) => Assert.Contains(message, _models.Refused(Two + more), StringComparison.Ordinal);

    [Fact]
    public void Other_tokens_under_the_same_ids_are_refused()
    {
        Save("c", 3, Words("<unk>", "the", "dog", "sat"));
        const string recipe = "merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}, {model: c}]\n";
        Assert.Contains("the vocabularies differ: token 2 is 'cat' in a and 'dog' in c", _models.Refused(recipe));
        _models.Merge(recipe + "tokenizer_source: union\n");
        Assert.Equal(5, Loaded("out").VocabularySize);
    }

    [Theory]
    [InlineData("base_model: a\ntokenizer_source: base\n")]
    [InlineData("tokenizer_source: union\n")]
    public void A_normalizer_does_not_part_a_token_from_its_row(string more)
    {
        const string json = """
            {"version": "1.0", "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"},
            "added_tokens": [{"id": 2, "content": "[DOM]", "single_word": false, "lstrip": false, "rstrip": false, "normalized": true, "special": false}],
            "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "the": 1}, "unk_token": "<unk>"}}
            """;
        Save("a", 5, TokenizerFile.Parse(TextEncoding.UTF8.GetBytes(json)));
        Save("b", 6, TokenizerFile.Parse(TextEncoding.UTF8.GetBytes(json)));
        _models.Merge(Two + more);
        Assert.Equal(3, Loaded("out").VocabularySize);
        Row("model.embed_tokens.weight", "[DOM]", ("a", 2, 0.5), ("b", 2, 0.5));
    }

    [Fact]
    public void Chat_templates_are_chosen()
    {
        File.WriteAllText(Path.Combine(_models.Folder("a"), "chat_template.jinja"), "{{ messages[0].content }}");
        _models.Merge(Two + "tokenizer_source: union\n");
        Assert.Equal("{{ messages[0].content }}", ChatTemplateFile.Read(_models.Folder("out")).Source());
        _models.Merge(Two + "tokenizer_source: union\nchat_template: auto\n");
        Assert.Equal("{{ messages[0].content }}", ChatTemplateFile.Read(_models.Folder("out")).Source());
        _models.Merge(Two + "tokenizer_source: union\nchat_template: chatml\n");
        Assert.Equal(NamedChatTemplates.Find("chatml"), ChatTemplateFile.Read(_models.Folder("out")).Source());
    }

    private static Tokenizer Words(params string[] tokens)
    {
        var vocab = string.Join(", ", tokens.Select((t, i) => $"\"{t}\": {i}"));
        return TokenizerFile.Parse(TextEncoding.UTF8.GetBytes(
            """{"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"}, "model": {"type": "WordLevel", "vocab": {VOCAB}, "unk_token": "<unk>"}}""".Replace("VOCAB", vocab, StringComparison.Ordinal)));
    }

    private Tokenizer Loaded(string name) => TokenizerFile.Load(_models.Folder(name));

    private void Save(string name, ulong seed, Tokenizer tokenizer)
    {
        var folder = _models.Save(name, seed, MergeFixture.Config(tokenizer.VocabularySize) with { TieEmbeddings = false });
        tokenizer.WriteTo(folder);
    }

    private void Row(string tensor, string token, params (string Model, int Row, double Weight)[] parts)
    {
        var row = _models.Values("out")[tensor].Chunk(16).ElementAt(Loaded("out").IdOf(token)!.Value);
        var expected = Enumerable.Range(0, 16).Select(i => parts.Sum(p => p.Weight * _models.Values(p.Model)[tensor][(p.Row * 16) + i]));
        Assert.All(expected.Zip(row), p => Assert.Equal(p.First, p.Second, 1e-6));
    }
}
