using Heirloom.Adaptation.Peft;
using Heirloom.Generation;
using Heirloom.Models;
using TorchSharp;
using static TorchSharp.torch;
using static Heirloom.Tests.Adaptation.Peft.AdapterModels;

namespace Heirloom.Tests.Adaptation.Peft;

/// <summary>Adapters that stand before the input.</summary>
public sealed class PromptAdapterTests
{
    private static readonly Dictionary<string, AdapterConfig> s_configs = new()
    {
        ["prompt"] = new PromptTuningConfig { Tokens = 3 },
        ["prefix"] = new PrefixTuningConfig { Tokens = 3 },
        ["projected prefix"] = new PrefixTuningConfig { Tokens = 3, Projection = 5 },
    };

    public static MatrixTheoryData<string, string> All => new(["llama", "gpt2", "bert"], s_configs.Keys);

    [Theory]
    [MemberData(nameof(All))]
    public void ActsWhileAttachedAndComesBackFromItsFolder(string name, string kind)
    {
        using var folder = new TemporaryFolder();
        using var scope = NewDisposeScope();
        var (model, other) = (Build(name), Build(name));
        var (before, bits) = (Say(model), Bits(model));
        using var adapter = s_configs[kind].Build(model, new(3));
        adapter.Attach(model);
        var adapted = Say(model);
        Assert.Equal(before.shape, adapted.shape);
        Assert.True(before.sub(adapted).abs().max().item<float>() > 1e-2, "the adapter does nothing");

        Adapters.Save(folder / "a", new() { Adapter = adapter, Model = model });
        using var loaded = Adapters.Load(folder / "a", other);
        AssertClose(adapted, Say(other), 1e-6);

        adapted.square().mean().backward();
        Assert.All(adapter.parameters(), p => Assert.NotNull(p.grad));
        Assert.All(model.Module.parameters(), p => Assert.Null(p.grad));
        Assert.Throws<UserError>(() => adapter.Merge(model));
        adapter.Detach();
        Assert.Equal(bits, Bits(model));
        Assert.Equal(before.bytes.ToArray(), Say(model).bytes.ToArray());
    }

    /// <summary>A prompt of the model's own embeddings is a text of those tokens.</summary>
    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    [InlineData("bert")]
    public void APromptOfRealTokensIsThoseTokens(string name)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = (ILanguageModel)Build(name);
        using var adapter = new PromptTuningConfig { Tokens = 2 }.Build(model, new(3));
        var (prompt, text) = (tensor(new long[] { 5, 9 }), tensor(new long[] { 7, 1, 30 }));
        adapter.get_parameter("prompt_embeddings")!.copy_(model.Module.get_parameter("embedding.weight")!.index_select(0, prompt));
        var whole = model.Encode(new(cat([prompt, text]).unsqueeze(0)));
        adapter.Attach(model);
        AssertClose(whole.narrow(1, 2, 3), model.Encode(new(text.unsqueeze(0))));
    }

    /// <summary>A prefix of what the model itself makes of some tokens is those tokens.</summary>
    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void APrefixOfRealKeysAndValuesIsTheirTokens(string name)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = (ICausalLM)Build(name);
        using var adapter = new PrefixTuningConfig { Tokens = 2 }.Build(model, new(3));
        var (before, text) = (tensor(new long[] { 5, 9 }).unsqueeze(0), tensor(new long[] { 7, 1, 30 }).unsqueeze(0));
        var whole = model.Encode(new(cat([before, text], 1))).narrow(1, 2, 3);
        using var cache = model.NewCache(1, 5);
        model.Encode(before, cache);
        var parts = Enumerable.Range(0, 2).SelectMany(layer =>
        {
            var (keys, values) = Held(cache, layer);
            return new[] { keys, values };
        }).Select(p => p[0].transpose(0, 1).reshape(2, -1));
        adapter.get_parameter("embedding")!.copy_(cat([.. parts], 1));
        adapter.Attach(model);
        AssertClose(whole, model.Encode(new(text)));
    }

    [Theory]
    [InlineData("llama", "prompt")]
    [InlineData("gpt2", "prompt")]
    [InlineData("llama", "prefix")]
    [InlineData("gpt2", "prefix")]
    public void DecodingStepByStepSaysTheSame(string name, string kind)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = (ICausalLM)Build(name);
        using var adapter = s_configs[kind].Build(model, new(3));
        adapter.Attach(model);
        int[][] prompts = name == "llama" && kind == "prefix" ? [[7, 1, 30], [4, 2, 9]] : [[7, 1, 30], [4, 2]];
        using var session = DecodingSession.Open(model, prompts, 4);
        using var first = session.Start();
        using var second = session.Step([11, 12]);
        for (var row = 0; row < 2; row++)
        {
            long[] whole = [.. prompts[row].Select(i => (long)i), 11 + row];
            var logits = model.Head(model.Encode(new(tensor(whole).unsqueeze(0))))[0];
            AssertClose(logits[^2], first[row], 1e-4);
            AssertClose(logits[^1], second[row], 1e-4);
        }
    }

    [Fact]
    public void WhatCannotTakeThemIsRefused()
    {
        using var scope = NewDisposeScope();
        var llama = (ICausalLM)Build("llama");
        using (var prefix = new PrefixTuningConfig().Build(llama, new(1)))
        {
            prefix.Attach(llama);
            using var session = DecodingSession.Open(llama, [[1, 2, 3], [4]], 4);
            Assert.Throws<UserError>(session.Start);
        }

        Assert.Throws<UserError>(() => new PromptTuningConfig().Build(Build("t5"), new(1)));
        Assert.Throws<UserError>(() => new PrefixTuningConfig().Build(Build("t5"), new(1)));
        Assert.Throws<UserError>(() => new PromptTuningConfig().Build(Build("classifier"), new(1)));
    }

    private static (Tensor Keys, Tensor Values) Held(Heirloom.Layers.KeyValueCache cache, int layer)
    {
        var layers = ((Tensor Keys, Tensor Values)?[])typeof(Heirloom.Layers.KeyValueCache).GetField("_layers", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!.GetValue(cache)!;
        return (layers[layer]!.Value.Keys.narrow(2, 0, 2), layers[layer]!.Value.Values.narrow(2, 0, 2));
    }
}
