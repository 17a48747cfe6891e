using Heirloom.Checkpoints;
using Heirloom.Cli;
using Heirloom.Cli.Recipes;
using Heirloom.Cli.Recipes.Text;
using Heirloom.Training.Registry;

namespace Heirloom.Tests.Cli;

/// <summary>Recipes from end to end on a made-up corpus, and every way in which one can be wrong.</summary>
public sealed class RecipeTests : IDisposable
{
    private const string Model = "{ kind: decoder, vocabulary_size: 300, context_length: 32, layers: 1, block: { width: 16, attention: { heads: 2 }, feed_forward: { width: 32 } } }";
    private readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    public static TheoryData<string> Shipped => [.. Directory.GetFiles(Checkout.Folder("recipes"), "*.yaml").Select(f => Path.GetFileName(f))];

    private string Runs => Path.Combine(_terminal.Folder, "runs");

    [Theory]
    [MemberData(nameof(Shipped))]
    public void ShippedRecipesBind(string name)
    {
        var recipe = Settings.Load<RecipeConfig>(Path.Combine(Checkout.Folder("recipes"), name));
        Assert.Equal(Settings.ToYaml(recipe), Settings.ToYaml(Settings.Parse<RecipeConfig>(Settings.ToYaml(recipe), name)));
        Assert.NotEqual("", recipe.Description);
        if (recipe is PretrainConfig { Model: var model })
        {
            using var built = model.Build(new(1)).Module;
            Assert.InRange(built.parameters().Sum(p => p.numel()), 1, 10_000_000);
        }
    }

    [Fact]
    public void AdaptersAreTrainedKeptAndMerged()
    {
        Assert.Equal(ExitCode.Ok, _terminal.Run("run", Pretrain(), "--set", "training.steps=2").Code);
        var tuned = _terminal.Run("run", FineTune(), "--set", "seeds=1", "--set", "adapter={ kind: lora, rank: 2, target_modules: [q_proj, v_proj] }");
        Assert.Equal((ExitCode.Ok, ""), (tuned.Code, Errors(tuned.Error)));
        var more = _terminal.Run("run", Continue(), "--set", "adapter={ kind: lora, rank: 2, dora: true }");
        Assert.Equal((ExitCode.Ok, ""), (more.Code, Errors(more.Error)));

        var (run, merged) = (Path.Combine(Runs, "more-1"), Path.Combine(_terminal.Folder, "merged"));
        var shown = _terminal.Run("adapters", "show", Path.Combine(run, "adapter"));
        Assert.Equal(ExitCode.Ok, shown.Code);
        Assert.Contains("dora: true", shown.Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, _terminal.Run("adapters", "merge", Path.Combine(run, "adapter"), "--out", merged).Code);
        Assert.Equal(LineageFile.Read(Path.Combine(run, "checkpoint"))!.Weights, LineageFile.Read(merged)!.Weights);
        Assert.True(File.Exists(Path.Combine(merged, "tokenizer.json")));
        Assert.Equal(ExitCode.UserError, _terminal.Run("run", FineTune(), "--set", "adapter={ kind: lora, target_modules: [nothing] }").Code);
        Assert.False(Directory.Exists(Path.Combine(Runs, "tuned-2")));
    }

    [Fact]
    public void PretrainContinueFineTuneEvaluateAndCompare()
    {
        var pretrain = _terminal.Run("run", Pretrain());
        Assert.Equal((ExitCode.Ok, ""), (pretrain.Code, Errors(pretrain.Error)));
        var run = Path.Combine(Runs, "base-1");
        foreach (var file in new[] { "run.json", "settings.yaml", "metrics.jsonl", "report.html", "checkpoint/model.safetensors", "checkpoint/tokenizer.json", "checkpoint/lineage.json", "checkpoint/README.md", "scores/loss-letters.json" })
        {
            Assert.True(File.Exists(Path.Combine(run, file)), file);
        }

        Assert.Contains("perplexity/letters", pretrain.Out, StringComparison.Ordinal);

        var next = _terminal.Run("run", Continue());
        Assert.Equal((ExitCode.Ok, ""), (next.Code, Errors(next.Error)));
        var lineage = LineageFile.Read(Path.Combine(Runs, "more-1", "checkpoint"))!;
        Assert.Equal(LineageFile.Read(Path.Combine(run, "checkpoint"))!.Weights, Assert.Single(lineage.Parents).Weights);
        Assert.Contains("perplexity_before/letters", lineage.Scores.Keys);

        var tuned = _terminal.Run("run", FineTune());
        Assert.Equal((ExitCode.Ok, ""), (tuned.Code, Errors(tuned.Error)));
        Assert.Equal(2, ExampleScores.Read(Path.Combine(Runs, "tuned-1")).Single().Rows.Count);
        Assert.Equal(ExitCode.Ok, _terminal.Run("run", FineTune(), "--set", "name=fresh", "--set", "random_start=true").Code);
        var compared = _terminal.Run("runs", "compare", "fresh-1", "tuned-1");
        Assert.Contains("accuracy", compared.Out, StringComparison.Ordinal);

        var scored = _terminal.Run("run", Evaluate("base"));
        Assert.Equal((ExitCode.Ok, ""), (scored.Code, Errors(scored.Error)));
        Assert.Equal(ExitCode.Ok, _terminal.Run("run", Evaluate("tuned"), "--set", "sources.0.source={kind: csv, path: " + Labelled() + "}").Code);
    }

    [Theory]
    [InlineData("masked_lm", "{ kind: encoder, vocabulary_size: 300, context_length: 32, layers: 1, block: { width: 16, attention: { heads: 2 }, feed_forward: { width: 32 } } }", "base-1")]
    [InlineData("span_corruption", "{ kind: encoder_decoder, vocabulary_size: 340, encoder_layers: 1, decoder_layers: 1, block: { width: 16, attention: { heads: 2 }, feed_forward: { width: 32 } } }", "base-1")]
    [InlineData("targets", "{ kind: assembled, embedding: { width: 16, context_length: 32, parts: [{ kind: word, vocabulary_size: 300 }, { kind: position }] }, encoder: { kind: gated_cnn, width: 16, layers: 2, causal: false }, targets: [{ kind: masked_lm }] }", "base-1")]
    public void OtherObjectivesTrain(string objective, string model, string id)
    {
        var (code, _, error) = _terminal.Run("run", Pretrain(), "--set", $"model={model}", "--set", $"objective.kind={objective}", "--set", "tokenizer.mask='[MASK]'", "--set", "training.steps=3");
        Assert.Equal((ExitCode.Ok, ""), (code, Errors(error)));
        Assert.True(File.Exists(Path.Combine(Runs, id, "checkpoint", "model.safetensors")));
    }

    [Fact]
    public void AStoppedRunIsResumedToTheSameWeights()
    {
        var whole = Path.Combine(_terminal.Folder, "whole");
        Assert.Equal(ExitCode.Ok, _terminal.Run("run", Pretrain(), "--out", whole).Code);
        using var stop = new CancellationTokenSource();
        using var watch = new Timer(_ =>
        {
            if (File.Exists(Path.Combine(Runs, "base-1", "metrics.jsonl")))
            {
                stop.Cancel();
            }
        }, null, 0, 1);
        var (code, _, _) = _terminal.Run(stop.Token, "run", Pretrain());
        if (code == ExitCode.Interrupted)
        {
            Assert.Equal(ExitCode.Ok, _terminal.Run("run", Pretrain(), "--resume").Code);
        }

        Assert.Equal(RunFile.Read(whole).Weights, RunFile.Read(Path.Combine(Runs, "base-1")).Weights);
        Assert.Contains("there is no unfinished run of 'base'", _terminal.Run("run", Pretrain(), "--resume").Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("training.stesp=3", "--set training.stesp=3: unknown key 'stesp' in 'training'; did you mean 'steps'?")]
    [InlineData("training.steps=-3", "--set training.steps=-3: 'training.steps' must be at least 1, not -3")]
    [InlineData("training.steps=many", "--set training.steps=many: 'training.steps' must be a whole number, not 'many'")]
    [InlineData("model.block.width=-1", "'model.block.width' must be at least 1, not -1")]
    [InlineData("name=Bad Name", "'name' must be lower-case letters, digits, dots and dashes")]
    [InlineData("sources.0.source.path=/nowhere/a.txt", "/nowhere/a.txt")]
    [InlineData("sources=[]", "sources: needs at least one source")]
    [InlineData("packing.context_length=64", "packing.context_length: rows of 64 tokens do not fit the model's context of 32; at most 32")]
    [InlineData("model.vocabulary_size=280", "tokenizer.vocabulary_size: the tokenizer has 300 ids and the model's embedding 280 rows")]
    [InlineData("tokenizer_path=x.json", "tokenizer: names two tokenizers")]
    [InlineData("tokenizer=null", "tokenizer: names no tokenizer")]
    [InlineData("objective.kind=masked_lm", "objective: a Decoder is no masked language model")]
    [InlineData("split.test=0.99", "leave nothing to train on")]
    [InlineData("objective.kind=targets", "objective: a Decoder is no assembled model that reads text")]
    public void BadRecipesGetOneLineAndLeaveNothing(string change, string expected)
    {
        var (code, text, error) = _terminal.Run("run", Pretrain(), "--set", change);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal((ExitCode.UserError, ""), (code, text));
        Assert.Single(error.TrimEnd('\n').Split('\n'));
        Assert.False(Directory.Exists(Runs), "nothing was begun");
    }

    [Fact]
    public void BadTextGetsOneLineAndLeavesNothing()
    {
        var recipe = Pretrain();
        Refused("the corpus is empty", "sources.0.source.path=" + _terminal.Write("empty.txt", ""));
        Refused("the corpus is empty", "sources.0.source.path=" + _terminal.Write("blank.txt", "\n\n  \n"), "holds no text");
        var latin = _terminal.Write("latin.txt", "");
        File.WriteAllBytes(latin, [.. "caf"u8, 0xE9, .. " au lait\n\nmore\n"u8]);
        Refused("latin.txt", "sources.0.source.path=" + latin);
        Refused("is longer", "sources.0.source={kind: text, path: " + _terminal.Write("long.txt", new string('a', 5000)) + ", max_characters: 100}", "more than", "at most");
        Refused("has 1 document and none for its", "sources.0.source.path=" + _terminal.Write("one.txt", "a single document"), "leaves no", "no text to learn");

        void Refused(string expected, string change, params string[] or)
        {
            var (code, _, error) = _terminal.Run("run", recipe, "--set", change);
            Assert.True(or.Prepend(expected).Any(e => error.Contains(e, StringComparison.Ordinal)), error);
            Assert.Equal(ExitCode.UserError, code);
            Assert.Single(error.TrimEnd('\n').Split('\n'));
            Assert.False(Directory.Exists(Runs));
        }
    }

    [Fact]
    public void BadFoldersAndCheckpointsGetOneLine()
    {
        var recipe = Pretrain();
        var file = _terminal.Write("a-file", "x");
        Assert.Contains("is a file, not a folder", _terminal.Run("run", recipe, "--out", Path.Combine(file, "run")).Error, StringComparison.Ordinal);
        Assert.Contains("no such file", _terminal.Run("run", Path.Combine(_terminal.Folder, "none.yaml")).Error, StringComparison.Ordinal);
        Assert.Contains("there is no checkpoint 'base'", _terminal.Run("run", Continue()).Error, StringComparison.Ordinal);

        Assert.Equal(ExitCode.Ok, _terminal.Run("run", recipe, "--set", "training.steps=2").Code);
        var run = Path.Combine(Runs, "base-1");
        Assert.Contains("holds a run already", _terminal.Run("run", recipe, "--out", run).Error, StringComparison.Ordinal);
        using (RunFolder.Resume(run))
        {
            Assert.Contains("another run is using this folder", _terminal.Run("run", recipe, "--out", run, "--resume").Error, StringComparison.Ordinal);
        }

        // another architecture cannot go on from these snapshots
        RunFile.Write(run, RunFile.Read(run) with { State = RunState.Interrupted });
        var (code, _, error) = _terminal.Run("run", recipe, "--resume", "--set", "model.block.width=32", "--set", "training.steps=4");
        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains("width was 16 and is 32", error, StringComparison.Ordinal);

        Assert.Contains("do not fit the model's context", _terminal.Run("run", Continue(), "--set", "packing.context_length=64").Error, StringComparison.Ordinal);
        var lineage = Path.Combine(run, "checkpoint", LineageFile.Name);
        File.WriteAllText(lineage, File.ReadAllText(lineage).Replace("\"format\": 1", "\"format\": 99", StringComparison.Ordinal));
        Assert.Contains("newer than", _terminal.Run("run", Continue()).Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(Runs, "more-1")));
    }

    [Fact]
    public void ADiskTooSmallIsRefusedBeforeWork() =>
        Assert.Contains("MB are free", Assert.Throws<UserError>(() => DiskSpace.Require(Path.Combine(_terminal.Folder, "not", "yet"), long.MaxValue)).Message, StringComparison.Ordinal);

    [Fact]
    public void EveryRecordOfARecipeRoundTrips() => Assert.All(
        typeof(RecipeConfig).Assembly.GetTypes().Where(t => t.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IExample<>))),
        type =>
        {
            var yaml = Settings.ToYaml(type.GetProperty("Example")!.GetValue(null)!);
            Assert.Equal(yaml, Settings.ToYaml(Settings.Parse(type, yaml, type.Name)));
        });

    [Fact]
    public void CheckDoesNothing()
    {
        var (code, text, _) = _terminal.Run("run", Pretrain(), "--check");
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("ready to run", text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Runs));
    }

    private static string Errors(string error) => string.Join('\n', error.Split('\n').Where(l => l.StartsWith("heirloom:", StringComparison.Ordinal)));

    private string Text(string name, string letters)
    {
        var random = new Rng(3);
        return _terminal.Write(name, string.Concat(Enumerable.Range(0, 60).Select(_ => string.Join(' ', Enumerable.Range(0, 20).Select(_ => new string([.. Enumerable.Range(0, 1 + random.Next(5)).Select(_ => letters[random.Next(letters.Length)])]))) + "\n\n")));
    }

    private string Labelled()
    {
        var random = new Rng(5);
        return _terminal.Write("labelled.csv", "text,label\n" + string.Concat(Enumerable.Range(0, 80).Select(i => $"{string.Join(' ', Enumerable.Range(0, 8).Select(_ => i % 2 == 0 ? "aa" + random.Next(9) : "zz" + random.Next(9)))} {i},{(i % 2 == 0 ? "first" : "last")}\n")));
    }

    private string Pretrain() => _terminal.Write("base.yaml", $$"""
        kind: pretrain
        name: base
        sources: [{ name: letters, source: { kind: text, path: {{Text("old.txt", "abcdefg")}}, split: blank_lines } }]
        split: { validation: 0.1, test: 0.15 }
        tokenizer: { kind: byte_level_bpe, vocabulary_size: 300 }
        model: {{Model}}
        packing: { context_length: 32, batch_size: 4 }
        training: { steps: 12, log_every: 1, precision: float32 }
        """);

    private string Continue() => _terminal.Write("more.yaml", $$"""
        kind: continue
        name: more
        from: base
        sources: [{ name: others, source: { kind: text, path: {{Text("new.txt", "uvwxyz")}}, split: blank_lines } }]
        replay: { fraction: 0.3, sources: [{ name: letters, source: { kind: text, path: {{Text("old.txt", "abcdefg")}}, split: blank_lines } }] }
        split: { validation: 0.1, test: 0.15 }
        packing: { context_length: 32, batch_size: 4 }
        training: { steps: 4, schedule: { kind: rewarmed }, precision: float32 }
        """);

    private string FineTune() => _terminal.Write("tuned.yaml", $$"""
        kind: fine_tune
        name: tuned
        from: base
        source: { kind: csv, path: {{Labelled()}} }
        label: label
        seeds: 2
        batches: { batch_size: 8, max_length: 32 }
        training: { steps: 4, precision: float32 }
        """);

    private string Evaluate(string from) => _terminal.Write("score.yaml", $$"""
        kind: evaluate
        name: score
        from: {{from}}
        sources: [{ name: others, source: { kind: text, path: {{Text("new.txt", "uvwxyz")}}, split: blank_lines } }]
        context_length: 32
        """);
}
