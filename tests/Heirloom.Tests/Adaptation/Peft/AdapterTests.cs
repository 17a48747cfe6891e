using Heirloom.Adaptation.Peft;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;
using static Heirloom.Tests.Adaptation.Peft.AdapterModels;

namespace Heirloom.Tests.Adaptation.Peft;

/// <summary>What holds of every kind of adapter on every kind of model.</summary>
public sealed class AdapterTests
{
    private static readonly Dictionary<string, AdapterConfig> s_configs = new()
    {
        ["lora"] = new LoraConfig { Rank = 3, Alpha = 5 },
        ["lora on all but some"] = new LoraConfig { Rank = 2, TargetPattern = @".*\.(q_proj|v_proj|c_attn|query|q|wo)", LayersToTransform = [] },
        ["rslora"] = new LoraConfig { Rank = 4, RankStabilized = true, RankPattern = new Dictionary<string, int> { [@"\d+\..*"] = 2 }, AlphaPattern = new Dictionary<string, double> { ["c_attn"] = 3.5 } },
        ["dora"] = new LoraConfig { Rank = 3, Dora = true },
        ["biases"] = new LoraConfig { Rank = 3, Bias = AdapterBias.All },
        ["biases of the adapted"] = new LoraConfig { Rank = 3, Bias = AdapterBias.Adapted },
        ["embeddings"] = new LoraConfig { Rank = 3, TargetModules = ["q_proj", "embed_tokens", "wte", "shared", "word_embeddings"] },
        ["dora on embeddings"] = new LoraConfig { Rank = 3, Dora = true, TargetModules = ["q_proj", "embed_tokens", "wte", "shared", "word_embeddings"] },
        ["whole modules"] = new LoraConfig { Rank = 3, ModulesToSave = ["norm", "ln_f", "pooler.dense", "final_layer_norm", "o_proj", "classifier"] },
        ["ia3"] = new Ia3Config
        {
            TargetModules = ["k_proj", "v_proj", "down_proj", "c_attn", "mlp.c_proj", "key", "value", "output.dense", "k", "v", "wo"],
            FeedforwardModules = ["down_proj", "mlp.c_proj", "output.dense", "wo"],
        },
    };

    /// <summary>All on all, but adapters of an embedding that a whole T5 shares.</summary>
    public static TheoryData<string, string> All => [.. from model in AdapterModels.All.Keys from kind in s_configs.Keys where model != "t5" || !IsOfEmbeddings(kind) select (model, kind)];

    private static bool IsOfEmbeddings(string kind) => kind.Contains("embeddings", StringComparison.Ordinal);

    /// <summary>Whether the adapted embedding is the head too.</summary>
    private static bool Ties(string model, string kind) => IsOfEmbeddings(kind) && model is ("gpt2" or "bert");

    /// <summary>In double precision, where nothing but a wrong formula is larger than the tolerance.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void MergedSaysWhatAttachedSays(string name, string kind)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = Build(name);
        model.Module.to(ScalarType.Float64);
        var before = Say(model);
        var bits = Bits(model);
        using var adapter = Scattered(s_configs[kind].Build(model, new(3)).to(ScalarType.Float64), 5);
        adapter.Attach(model);
        ScatterTrained(model);
        var adapted = Say(model);
        Assert.True(before.sub(adapted).abs().max().item<double>() > 1e-2, "the adapter does nothing");

        if (Ties(name, kind))
        {
            Assert.Throws<UserError>(() => adapter.Merge(model));
            adapter.Detach();
            Assert.Equal(bits, Bits(model));
            return;
        }

        adapter.Merge(model);
        AssertClose(adapted, Say(model), 1e-9);
        Assert.NotEqual(bits, Bits(model));

        adapter.Unmerge();
        Assert.Equal(bits, Bits(model));
        Assert.Equal(before.bytes.ToArray(), Say(model).bytes.ToArray());
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1e-5)]
    [InlineData(ScalarType.BFloat16, 0.1)]
    public void MergesInNarrowTypes(ScalarType type, double tolerance)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = AdapterModels.All["llama"].Build(new(1));
        model.Module.to(type).eval();
        using var adapter = Scattered(new LoraConfig { Dora = true, Bias = AdapterBias.All }.Build(model, new(2)), 3, 0.1);
        adapter.Attach(model);
        var adapted = Say(model);
        adapter.Merge(model);
        AssertClose(adapted, Say(model), tolerance);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void DetachingGivesBackTheModelAndAttachingTheAdapter(string name, string kind)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = Build(name);
        var (before, bits) = (Say(model), Bits(model));
        using var adapter = Scattered(s_configs[kind].Build(model, new(3)), 5);
        adapter.Attach(model);
        ScatterTrained(model);
        var adapted = Say(model);
        adapter.Detach();
        Assert.Equal(bits, Bits(model));
        Assert.Equal(before.bytes.ToArray(), Say(model).bytes.ToArray());
        Assert.All(model.Module.parameters(), p => Assert.True(p.requires_grad));

        adapter.Attach(model);
        AssertClose(adapted, Say(model), 0);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void SavedAndLoadedIsTheSame(string name, string kind)
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var (model, other) = (Build(name), Build(name));
        using var adapter = Scattered(s_configs[kind].Build(model, new(3)), 5);
        adapter.Attach(model);
        ScatterTrained(model);
        var first = Adapters.Save(folder / "a", new() { Adapter = adapter, Model = model, BaseModel = "org/base" });

        using var loaded = Adapters.Load(folder / "a", other);
        AssertClose(Say(model), Say(other), 0);
        Assert.Equal(first, Adapters.Save(folder / "b", new() { Adapter = loaded, Model = other }));
        Assert.Equal(File.ReadAllText(Path.Combine(folder / "a", Adapters.ConfigFile)), File.ReadAllText(Path.Combine(folder / "b", Adapters.ConfigFile)));
        Assert.Equal("org/base", Adapters.Describe(folder / "b").BaseModel);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void TrainingMovesTheAdapterAlone(string name, string kind)
    {
        using var scope = NewDisposeScope();
        var model = Build(name);
        var bits = Bits(model);
        using var adapter = Scattered(s_configs[kind].Build(model, new(3)), 5);
        adapter.Attach(model);
        var trainable = adapter.Trainable(model).ToList();
        Say(model).square().mean().backward();
        Assert.All(trainable, p => Assert.NotNull(p.grad));
        Assert.All(model.Module.parameters().Where(p => !p.requires_grad), p => Assert.Null(p.grad));

        var optimizer = optim.SGD(trainable, 0.5);
        optimizer.step();
        using var frozen = no_grad();
        var trained = Say(model);
        adapter.Detach();
        Assert.Equal(bits, Bits(model));
        adapter.Attach(model);
        AssertClose(trained, Say(model), 0);
    }

    /// <summary>The head of a new task is trained and saved with the adapter.</summary>
    [Fact]
    public void AnswerSpansTrainTheirHead()
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var model = new SpanExtractorConfig { Encoder = EncoderConfig.Bert(48, context: 16, width: 16, layers: 1, heads: 2) with { Head = false } }.Build(new(1));
        using var adapter = new LoraConfig { Rank = 3 }.Build(model, new(3));
        adapter.Attach(model);

        Assert.Single(adapter.Trainable(model), p => p.shape is [2, 16]);
        Adapters.Save(folder / "a", new() { Adapter = adapter, Model = model });
        using var weights = Adapters.OpenWeights(folder / "a");
        Assert.Contains("base_model.model.qa_outputs.weight", weights.Entries.Keys);
        Assert.Equal("QUESTION_ANS", Adapters.Describe(folder / "a").Task);
    }

    private static void ScatterTrained(IModel model)
    {
        foreach (var parameter in model.Module.parameters().Where(p => p.requires_grad))
        {
            using var generator = new Seed(11).Generator();
            parameter.add_(randn(parameter.shape, generator: generator).mul(0.2).to(parameter.dtype));
        }
    }
}
