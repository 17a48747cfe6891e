using Heirloom.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Layers;

public class AttentionTests
{
    [Fact]
    public void MasksSayWhoSeesWhom()
    {
        using var scope = NewDisposeScope();
        Assert.Same(AttentionMask.Causal, Mask(new() { Causal = true }, 4, 4));
        Assert.Same(AttentionMask.Full, Mask(new() { Causal = true }, 1, 4));
        Assert.Same(AttentionMask.Full, Mask(new(), 4, 4));
        Assert.Same(AttentionMask.Full, Mask(new() { Window = 4 }, 4, 4));
        AssertSeen(["1110", "1111"], new() { Causal = true }, 2, 4);
        AssertSeen(["1000", "1100", "0110", "0011"], new() { Causal = true, Window = 2 }, 4, 4);
        AssertSeen(["1100", "1110", "0111", "0011"], new() { Window = 2 }, 4, 4);
        AssertSeen(["0011"], new() { Causal = true, Window = 2 }, 1, 4);
        AssertSeen(["1110", "1110", "1110", "1111"], new() { Causal = true, PrefixLengths = tensor(new long[] { 3 }) }, 4, 4);
        AssertSeen(["1100", "1100", "0011", "0011"], new() { Segments = tensor(new long[] { 0, 0, 1, 1 }).unsqueeze(0) }, 4, 4);
        AssertSeen(["1000", "1100", "0010", "0011"], new() { Causal = true, Segments = tensor(new long[] { 0, 0, 1, 1 }).unsqueeze(0) }, 4, 4);
        // only a position that would see nothing sees itself; other padding sees what is real, as the reference implementations have it
        AssertSeen(["1000", "0100", "0110", "0111"], new() { Causal = true, Mask = tensor(new[] { false, true, true, true }).unsqueeze(0) }, 4, 4);
        AssertSeen(["1100", "1100", "1100", "1100"], new() { Mask = tensor(new[] { true, true, false, false }).unsqueeze(0) }, 4, 4);
    }

    [Fact]
    public void ABiasIsAddedWhereAKeyIsSeen()
    {
        using var scope = NewDisposeScope();
        var bias = arange(8, dtype: ScalarType.Float32).view(1, 2, 2, 2);
        Assert.Equal([0f, 1, 2, 3, 4, 5, 6, 7], Mask(new() { Bias = bias }, 2, 2).Scores!.data<float>().ToArray());
        var causal = Mask(new() { Bias = bias, Causal = true }, 2, 2).Scores!.data<float>().ToArray();
        Assert.Equal([0, float.NegativeInfinity, 2, 3, 4, float.NegativeInfinity, 6, 7], causal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(1.0)]
    public void IsSoftmaxOfScaledProducts(double? scale)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var attention = Filled(new Attention(12, new AttentionConfig { Heads = 3, Scale = scale }.WithBiases(), new RmsNormConfig()));
        var w = attention.state_dict();
        var x = Draw("x", 2, 5, 12);
        Tensor Project(string name) => nn.functional.linear(x, w[$"{name}.weight"], w[$"{name}.bias"]).view(2, 5, 3, 4).transpose(1, 2);
        var scores = Project("query").matmul(Project("key").transpose(2, 3)).mul(scale ?? 0.5);
        var attended = scores.softmax(-1).matmul(Project("value")).transpose(1, 2).reshape(2, 5, 12);
        var expected = nn.functional.linear(attended, w["output.weight"], w["output.bias"]);
        Assert.True(attention.call(x, new AttentionContext(), 0).allclose(expected, rtol: 1e-4, atol: 1e-5));
    }

    [Fact]
    public void CrossAttentionReadsItsMemoryOnly()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var block = Filled(new TransformerBlock(
            new() { Width = 8, Attention = new() { Heads = 2 }, FeedForward = new() { Width = 16 } }, memoryWidth: 6));
        block.eval();
        var (x, memory) = (Draw("x", 2, 3, 8), Draw("memory", 2, 5, 6));
        var mask = tensor(new[] { true, true, true, false, false, true, true, true, true, true }).view(2, 5);
        Tensor Run(Tensor m) => block.call(x, new AttentionContext { Memory = m, MemoryMask = AttentionPattern.Cross(mask, x) }, 0);
        var changed = memory.clone();
        changed[0, 3..] = 9;
        Assert.True(Run(memory).equal(Run(changed)).all().item<bool>());
        changed[0, 2] = 9;
        Assert.False(Run(memory)[0].allclose(Run(changed)[0]));
        Assert.True(Run(memory)[1].allclose(Run(changed)[1]));
        Assert.Contains("cross_attention.key.weight", block.state_dict().Keys);
        Assert.Contains("cross_attention_norm.weight", block.state_dict().Keys);
    }

    [Theory]
    [InlineData(NormPlacement.Pre)]
    [InlineData(NormPlacement.Post)]
    [InlineData(NormPlacement.Sandwich)]
    [InlineData(NormPlacement.Branch)]
    public void NormsStandWhereTheyAreSaidTo(NormPlacement placement)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var config = new TransformerBlockConfig { Width = 8, Attention = new() { Heads = 2 }, FeedForward = new() { Width = 16 }, Placement = placement };
        var block = Filled(new TransformerBlock(config));
        var w = block.state_dict();
        var modules = block.named_children().ToDictionary(c => c.name, c => c.module);
        Tensor Norm(string name, Tensor x) => x.mul(x.square().mean([-1], keepdim: true).add(1e-5).rsqrt()).mul(w[name + ".weight"]);
        Tensor Branch(string name, Tensor x) => modules[name] is Attention a ? a.call(x, new AttentionContext(), 0) : ((FeedForward)modules[name]).call(x);
        Tensor Joined(string name, Tensor x) => placement switch
        {
            NormPlacement.Pre => x + Branch(name, Norm($"{name}_norm", x)),
            NormPlacement.Post => Norm($"{name}_norm", x + Branch(name, x)),
            NormPlacement.Sandwich => x + Norm($"{name}_post_norm", Branch(name, Norm($"{name}_norm", x))),
            _ => x + Norm($"{name}_post_norm", Branch(name, x)),
        };
        var input = Draw("x", 2, 3, 8);
        Assert.True(block.call(input, new AttentionContext(), 0).allclose(Joined("feed_forward", Joined("attention", input)), rtol: 1e-4, atol: 1e-5));
    }

    [Fact]
    public void ParallelBranchesReadTheSameInput()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var config = new TransformerBlockConfig
        {
            Width = 8, Attention = new() { Heads = 2 }, FeedForward = new() { Width = 16 }, Layout = BlockLayout.ParallelSharedNorm,
        };
        var block = Filled(new TransformerBlock(config));
        var modules = block.named_children().ToDictionary(c => c.name, c => c.module);
        var x = Draw("x", 2, 3, 8);
        var normed = ((RmsNorm)modules["attention_norm"]).call(x);
        var expected = x + ((Attention)modules["attention"]).call(normed, new AttentionContext(), 0) + ((FeedForward)modules["feed_forward"]).call(normed);
        Assert.True(block.call(x, new AttentionContext(), 0).allclose(expected));
        Assert.Throws<UserError>(() => new TransformerBlock(config with { Placement = NormPlacement.Post }));
    }

    [Theory]
    [InlineData(Activation.Gelu, 0.8413447)]
    [InlineData(Activation.GeluTanh, 0.8411920)]
    [InlineData(Activation.Relu, 1)]
    [InlineData(Activation.Silu, 0.7310586)]
    public void ActivationsAtOne(Activation activation, double expected)
    {
        using var scope = NewDisposeScope();
        Assert.Equal(expected, activation.Apply(ones(1)).item<float>(), 1e-6);
    }

    [Fact]
    public void GatedFeedForwardMultipliesItsGate()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var feedForward = Filled(new FeedForward(4, new() { Width = 6, Activation = Activation.Silu, Bias = true }));
        var w = feedForward.state_dict();
        var x = Draw("x", 3, 4);
        var gate = nn.functional.linear(x, w["gate.weight"], w["gate.bias"]);
        var hidden = gate.mul(gate.sigmoid()).mul(nn.functional.linear(x, w["up.weight"], w["up.bias"]));
        Assert.True(feedForward.call(x).allclose(nn.functional.linear(hidden, w["down.weight"], w["down.bias"]), atol: 1e-6));
    }

    [Fact]
    public void RmsNormKeepsItsPrecisionAndType()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var norm = new RmsNorm(64);
        var x = Draw("x", 3, 64).mul(100);
        Assert.True(norm.call(x).square().mean([-1]).allclose(ones(3), rtol: 1e-4));
        norm.to(ScalarType.BFloat16);
        var coarse = norm.call(x.to(ScalarType.BFloat16));
        Assert.Equal(ScalarType.BFloat16, coarse.dtype);
        Assert.True(coarse.to(ScalarType.Float32).square().mean([-1]).allclose(ones(3), rtol: 1e-2));
    }

    [Fact]
    public void RmsNormHasAGradientAtZero()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, 8, requires_grad: true);
        new RmsNorm(8, 1e-4).call(x).sum().backward();
        Assert.True(x.grad!.allclose(full_like(x, 100)), "1/√ε");
    }

    [Fact]
    public void DropoutActsInTrainingOnly()
    {
        using var scope = NewDisposeScope();
        var config = new TransformerBlockConfig
        {
            Width = 8, Attention = new() { Heads = 2, Dropout = 0.5 }, FeedForward = new() { Width = 16, Dropout = 0.5 }, Dropout = 0.5,
        };
        var block = Filled(new TransformerBlock(config));
        var x = Draw("x", 2, 3, 8);
        Assert.False(block.call(x, new AttentionContext(), 0).allclose(block.call(x, new AttentionContext(), 0)));
        block.eval();
        Assert.True(block.call(x, new AttentionContext(), 0).allclose(block.call(x, new AttentionContext(), 0)));
    }

    private static AttentionMask Mask(AttentionPattern pattern, long queries, long keys) => pattern.Resolve(queries, keys, zeros(1));

    private static void AssertSeen(string[] expected, AttentionPattern pattern, long queries, long keys)
    {
        var scores = Mask(pattern, queries, keys).Scores!;
        Assert.Equal([1L, 1, queries, keys], scores.shape);
        var seen = scores.isfinite().data<bool>().Select(s => s ? '1' : '0').Chunk((int)keys).Select(r => new string(r));
        Assert.Equal(expected, seen);
    }

    private static T Filled<T>(T module) where T : nn.Module
    {
        using var frozen = no_grad();
        foreach (var (name, parameter) in module.named_parameters())
        {
            using var scope = NewDisposeScope();
            parameter.copy_(Draw(name, parameter.shape).mul(0.5).add(name.Contains("norm", StringComparison.Ordinal) ? 1 : 0));
        }

        return module;
    }

    private static Tensor Draw(string name, params long[] shape)
    {
        using var generator = new Seed(5).For(name).Generator();
        return randn(shape, generator: generator);
    }
}
