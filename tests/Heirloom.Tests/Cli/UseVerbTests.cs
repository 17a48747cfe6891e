using System.Text.Json.Nodes;
using Heirloom.Checkpoints;
using Heirloom.Cli;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using Heirloom.Tests.Generation;

namespace Heirloom.Tests.Cli;

public sealed class UseVerbTests : IDisposable
{
    private readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void GeneratesTheSameAloneAndFromAFile()
    {
        var model = Save(TinyText.Model());
        var prompts = _terminal.Write("prompts.txt", "the cat\nthe dog sat on\n");
        var (code, output, error) = _terminal.Run("generate", "--model", model, "--prompts", prompts, "--max-tokens", "6", "--temperature", "0", "--logprobs");
        Assert.Equal((ExitCode.Ok, ""), (code, error));
        var lines = output.Trim().Split('\n').Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal([6, 6], lines.Select(l => l["logprobs"]!.AsArray().Count));

        var alone = _terminal.Run("generate", "--model", model, "--prompt", "the cat", "--max-tokens", "6", "--temperature", "0");
        Assert.Equal("the cat" + lines[0]["text"], alone.Out.TrimEnd('\n'));
    }

    [Fact]
    public void WritesTheSameByEitherEngineAndSaysWhatKernelsLack()
    {
        string[] command = ["generate", "--model", Save(TinyText.Model()), "--prompt", "the cat", "--max-tokens", "6", "--temperature", "0"];
        var text = _terminal.Run(command).Out;
        Assert.Equal(text, _terminal.Run([.. command, "--engine", "torch"]).Out);
        Assert.Equal(text, _terminal.Run([.. command, "--engine", "kernels"]).Out);
        Assert.Equal(ExitCode.Ok, _terminal.Run([.. command, "--engine", "kernels", "--weights", "bfloat16"]).Code);

        var bart = Save((EncoderDecoderConfig.Bart(TinyText.Tokenizer.VocabularySize, context: 64, width: 16, layers: 1, heads: 2)).Build(new Seed(3)));
        var (code, _, error) = _terminal.Run("generate", "--model", bart, "--prompt", "the cat", "--engine", "kernels");
        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains("the kernels do not cover this model: a SourcedDecoder is no Decoder", error, StringComparison.Ordinal);
    }

    [Fact]
    public void TargetsEndAtStopStringsAndMayBeSearched()
    {
        var model = Save((EncoderDecoderConfig.Bart(TinyText.Tokenizer.VocabularySize, context: 64, width: 16, layers: 2, heads: 2) with { Initialization = new Heirloom.Layers.NormalInitializationConfig { Std = 0.5 } }).Build(new Seed(3)));
        string[] command = ["generate", "--model", model, "--prompt", "the cat", "--max-tokens", "12", "--seed", "5"];
        var whole = JsonNode.Parse(_terminal.Run([.. command, "--json"]).Out)!["text"]!.GetValue<string>();
        var stop = whole[4..6];
        var cut = JsonNode.Parse(_terminal.Run([.. command, "--json", "--stop", stop]).Out)!;

        Assert.Equal((whole[..whole.IndexOf(stop, StringComparison.Ordinal)], "stop"), (cut["text"]!.GetValue<string>(), cut["reason"]!.GetValue<string>()));
        Assert.True(cut["tokens"]!.GetValue<int>() < 12);
        Assert.Equal(whole, _terminal.Run(command).Out[..^1]);
        Assert.Equal(ExitCode.Ok, _terminal.Run([.. command, "--beams", "2"]).Code);
        Assert.Contains("do not fit the model's context of 64", _terminal.Run("generate", "--model", model, "--prompt", new string('z', 90)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ScoresAText()
    {
        var model = Save(TinyText.Model());
        var (code, output, _) = _terminal.Run("generate", "--model", model, "--score", "the cat sat", "--json");
        var scored = JsonNode.Parse(output)!;
        Assert.Equal(ExitCode.Ok, code);
        Assert.Equal(scored["logprobs"]!.AsArray().Sum(p => p!.GetValue<double>()), scored["logprob"]!.GetValue<double>(), 1e-9);
        Assert.Contains("perplexity", _terminal.Run("generate", "--model", model, "--score", "the cat sat", "--logprobs").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("its 9 tokens do not fit the model's context of 8", "--prompt", "zzzzzzzzz")]
    [InlineData("must be at least 1", "--max-tokens", "0")]
    [InlineData("temperature", "--temperature", "-1")]
    [InlineData("no such file", "--prompts", "nowhere.txt")]
    [InlineData("stop string is empty", "--stop", "")]
    [InlineData("scored or continued, not both", "--score", "the cat", "--prompt", "the")]
    public void MistakesAreOneLine(string message, params string[] words)
    {
        var (code, _, error) = _terminal.Run(["generate", "--model", Save(TinyText.Model(context: 8)), .. words]);
        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void ChatsByTheFoldersTemplate()
    {
        var model = Save(TinyText.Model(context: 512));
        File.WriteAllText(Path.Combine(model, "chat_template.jinja"), "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|assistant|>");
        Assert.Equal("<|system|>be<|user|>hi<|assistant|>\n", _terminal.Run("chat", "--model", model, "--system", "be", "--message", "hi", "--show-prompt").Out);

        var (code, output, error) = _terminal.Run("chat", "--model", model, "--message", "hi", "--message", "so", "--max-tokens", "5", "--seed", "3");
        Assert.Equal((ExitCode.Ok, ""), (code, error));
        Assert.NotEmpty(output);
        var file = _terminal.Write("turns.json", """[{"role": "user", "content": "hi"}]""");
        Assert.Contains("the conversation is given twice", _terminal.Run("chat", "--model", model, "--messages", file, "--system", "be").Error, StringComparison.Ordinal);
        Assert.Contains("no chat template", _terminal.Run("chat", "--model", Save(TinyText.Model(), "other"), "--message", "hi").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void EmbedsLines()
    {
        var model = Save(TinyText.Model());
        var file = _terminal.Write("texts.jsonl", """
            {"text": "the cat"}
            {"text": "the dog"}
            """);
        var (code, output, error) = _terminal.Run("embed", "--model", model, "--file", file, "--normalize");
        Assert.Equal((ExitCode.Ok, ""), (code, error));
        var vectors = output.Trim().Split('\n').Select(l => JsonNode.Parse(l)!["embedding"]!.AsArray().Select(x => x!.GetValue<double>()).ToArray()).ToList();
        Assert.Equal(2, vectors.Count);
        Assert.All(vectors, v => Assert.Equal(1, v.Sum(x => x * x), 1e-4));

        var bad = _terminal.Write("bad.jsonl", "{\"text\": \"a\"}\n{\"other\": 1}\n");
        Assert.Contains("bad.jsonl:2: has no text", _terminal.Run("embed", "--model", model, "--file", bad).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ClassifiesWords()
    {
        using var encoder = TinyText.Model();
        var model = Save(TokenClassifier.Over(encoder, 3, new Seed(1)));
        var (code, output, error) = _terminal.Run("classify", "--model", model, "the cat sat", "a dog");
        Assert.Equal((ExitCode.Ok, ""), (code, error));
        var lines = output.Trim().Split('\n').Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal(["the cat sat", "a dog"], lines.Select(l => l["text"]!.GetValue<string>()));
        Assert.All(lines, line => Assert.All(line["spans"]!.AsArray(), s =>
        {
            Assert.Equal(line["text"]!.GetValue<string>()[s!["start"]!.GetValue<int>()..s["end"]!.GetValue<int>()], s["text"]!.GetValue<string>());
            Assert.InRange(s["score"]!.GetValue<double>(), 1 / 3.0, 1);
        }));
        Assert.Equal(3, lines[0]["spans"]!.AsArray().Count);
        Assert.Contains("single texts", _terminal.Run("classify", "--model", model, "a", "--pair", "b").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ClassifiesTextsAndPairs()
    {
        using var encoder = TinyText.Model();
        var model = Save(SequenceClassifier.Over(encoder, 3, new Seed(1)));
        File.WriteAllText(Path.Combine(model, "labels.json"), """{"Field": "label", "Names": ["bad", "good", "so-so"]}""");
        var (code, output, error) = _terminal.Run("classify", "--model", model, "the cat", "the dog", "--pair", "sat");
        Assert.Equal((ExitCode.Ok, ""), (code, error));
        var lines = output.Trim().Split('\n').Select(l => JsonNode.Parse(l)!).ToList();
        Assert.Equal(["the cat", "the dog"], lines.Select(l => l["text"]!.GetValue<string>()));
        Assert.All(lines, l => Assert.Equal(1, l["scores"]!.AsObject().Sum(s => s.Value!.GetValue<double>()), 1e-9));
        Assert.All(lines, l => Assert.Equal(l["scores"]!.AsObject().MaxBy(s => s.Value!.GetValue<double>()).Key, l["label"]!.GetValue<string>()));
    }

    private string Save(IModel model, string name = "model")
    {
        var folder = Path.Combine(_terminal.Folder, name);
        using var module = model.Module;
        Checkpoint.Save(folder, new() { Model = model, Lineage = new() { Method = "test", Settings = "", Seed = 1 }, Parts = [TinyText.Tokenizer] });
        return folder;
    }
}
