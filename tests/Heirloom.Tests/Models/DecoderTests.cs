using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Models;

public class DecoderTests
{
    private const int Vocabulary = 31;

    private static readonly DecoderConfig _llama = DecoderConfig.Llama(Vocabulary, context: 24, width: 16, layers: 2, heads: 4, keyValueHeads: 2);
    private static readonly DecoderConfig _gpt2 = DecoderConfig.Gpt2(Vocabulary, context: 24, width: 16, layers: 2, heads: 4);

    /// <summary>Forms that differ in what they do with positions, norms and heads. Names, since the runner wants plain data.</summary>
    private static readonly Dictionary<string, DecoderConfig> _forms = new()
    {
        ["llama"] = _llama,
        ["gpt2"] = _gpt2,
        ["alibi"] = _llama with { Positions = new AlibiPositionsConfig(), EmbeddingNorm = true },
        ["relative"] = _llama with { Positions = new RelativePositionsConfig { Buckets = 8, MaxDistance = 16 }, Initialization = new FanInInitializationConfig() },
        ["no positions, untied"] = _llama with { Positions = new NoPositionsConfig(), TieEmbeddings = false },
        ["post norm"] = _gpt2 with { Block = _gpt2.Block with { Placement = NormPlacement.Post } },
        ["sandwich"] = _llama with { Block = _llama.Block with { Placement = NormPlacement.Sandwich }, EmbeddingScale = 4 },
        ["branch norm, query-key norm over all"] = _llama with
        {
            Block = _llama.Block with { Placement = NormPlacement.Branch, Attention = _llama.Block.Attention with { QueryKeyNorm = QueryKeyNorm.All } },
        },
        ["query-key norm in heads, wide heads"] = _llama with
        {
            Block = _llama.Block with { Attention = _llama.Block.Attention with { QueryKeyNorm = QueryKeyNorm.Head, HeadWidth = 10, QueryBias = true } },
        },
        ["parallel, partly rotated"] = _gpt2 with
        {
            Positions = new RotaryPositionsConfig { Fraction = 0.5 }, Block = _gpt2.Block with { Layout = BlockLayout.Parallel },
        },
        ["parallel, one norm, multi-query"] = _llama with
        {
            Block = _llama.Block with { Layout = BlockLayout.ParallelSharedNorm, Attention = new() { Heads = 4, KeyValueHeads = 1 } },
        },
        ["window"] = _llama with { Block = _llama.Block with { Attention = _llama.Block.Attention with { Window = 3 } } },
    };

    public static TheoryData<string> Forms => [.. _forms.Keys];

    [Theory, MemberData(nameof(Forms))]
    public void NoTokenSeesLaterOnes(string form)
    {
        using var scope = NewDisposeScope();
        var model = Make(_forms[form]);
        var ids = Ids(2, 9);
        var changed = ids.clone();
        changed[.., 5..] = changed[.., 5..].add(1).remainder(Vocabulary);
        var (before, after) = (Logits(model, ids), Logits(model, changed));
        AssertClose(before[.., ..5], after[.., ..5], 0);
        Assert.True(before[.., 5..].sub(after[.., 5..]).abs().amax(-1).min().item<float>() > 1e-4);
    }

    [Theory, MemberData(nameof(Forms))]
    public void PackedDocumentsAreAsSeparateOnes(string form)
    {
        using var scope = NewDisposeScope();
        var model = Make(_forms[form]);
        var (a, b) = (Ids(1, 7), Ids(1, 5, "b"));
        var segments = cat([zeros(1, 7, ScalarType.Int64), ones(1, 5, ScalarType.Int64)], 1);
        var packed = Logits(model, new TokenInputs(cat([a, b], 1)) { Segments = segments });
        AssertClose(Logits(model, a), packed[.., ..7], 1e-5);
        AssertClose(Logits(model, b), packed[.., 7..], 1e-5);
    }

    [Theory, MemberData(nameof(Forms))]
    public void PaddingOnEitherSideChangesNothing(string form)
    {
        using var scope = NewDisposeScope();
        var model = Make(_forms[form]);
        var ids = Ids(1, 6);
        var pad = full([1, 4], 3, ScalarType.Int64);
        var (real, hidden) = (ones(1, 6, ScalarType.Bool), zeros(1, 4, ScalarType.Bool));
        var expected = Logits(model, ids);
        var right = Logits(model, new TokenInputs(cat([ids, pad], 1)) { Mask = cat([real, hidden], 1) });
        var left = Logits(model, new TokenInputs(cat([pad, ids], 1)) { Mask = cat([hidden, real], 1) });
        AssertClose(expected, right[.., ..6], 1e-5);
        AssertClose(expected, left[.., 4..], 1e-5);
        Assert.True(left.isfinite().all().item<bool>());
    }

    [Theory, MemberData(nameof(Forms))]
    public void CachedStepsGiveTheSameAsOneForward(string form)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = Make(_forms[form]);
        var ids = Ids(2, 12);
        var expected = Logits(model, ids);
        using var cache = model.NewCache(2, 12);
        var steps = new[] { 5, 1, 1, 3, 2 };
        var at = 0;
        foreach (var step in steps)
        {
            var got = model.Head(model.Encode(ids.narrow(1, at, step), cache));
            AssertClose(expected.narrow(1, at, step), got, 1e-5);
            at += step;
        }

        Assert.Equal(12, cache.Length);
        Assert.Throws<UserError>(() => model.Encode(ids[.., ..1], cache));
    }

    [Theory, MemberData(nameof(Forms))]
    public void CachedRowsOfDifferentLengthsAreAsSeparateOnes(string form)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = Make(_forms[form]);
        var (longer, shorter) = (Ids(1, 9), Ids(1, 6, "b"));
        using var cache = model.NewCache(2, 9);
        cache.LeftPadding = tensor(new long[] { 0, 3 });
        var ids = cat([longer, cat([zeros(1, 3, ScalarType.Int64), shorter], 1)]);
        var first = model.Head(model.Encode(ids[.., ..7], cache));
        var then = model.Head(model.Encode(ids[.., 7..8], cache));
        cache.Reorder(tensor(new long[] { 1 }));
        var last = model.Head(model.Encode(ids[1.., 8..], cache));
        AssertClose(Logits(model, longer)[.., ..8], cat([first[..1], then[..1]], 1), 1e-5);
        AssertClose(Logits(model, shorter), cat([first[1.., 3..], then[1..], last], 1), 1e-5);
    }

    [Theory, MemberData(nameof(Forms))]
    public void EveryParameterHasANameAndAGradient(string form)
    {
        using var scope = NewDisposeScope();
        var model = Make(_forms[form]);
        model.train();
        var logits = Logits(model, Ids(4, 12));
        nn.functional.cross_entropy(logits.view(-1, Vocabulary), Ids(4, 12, "targets").view(-1)).backward();
        foreach (var (name, parameter) in model.named_parameters())
        {
            Assert.DoesNotContain("_.", name, StringComparison.Ordinal);
            // A key's bias adds the same to all scores of a query: its gradient is zero but for rounding.
            Assert.True(parameter.grad is { } g && (g.abs().max().item<float>() > 0 || name.EndsWith("key.bias", StringComparison.Ordinal)), name);
        }
    }

    [Fact]
    public void ParametersAreNamedAsCheckpointsExpect()
    {
        using var gpt2 = new DisposableModel(_gpt2 with { Layers = 1 });
        Assert.Equal(
            [
                "embedding.weight",
                "layers.0.attention.key.bias", "layers.0.attention.key.weight", "layers.0.attention.output.bias", "layers.0.attention.output.weight",
                "layers.0.attention.query.bias", "layers.0.attention.query.weight", "layers.0.attention.value.bias", "layers.0.attention.value.weight",
                "layers.0.attention_norm.bias", "layers.0.attention_norm.weight",
                "layers.0.feed_forward.down.bias", "layers.0.feed_forward.down.weight", "layers.0.feed_forward.up.bias", "layers.0.feed_forward.up.weight",
                "layers.0.feed_forward_norm.bias", "layers.0.feed_forward_norm.weight",
                "norm.bias", "norm.weight", "positions.weight",
            ],
            gpt2.Names);

        using var llama = new DisposableModel(_llama with { Layers = 1, TieEmbeddings = false });
        Assert.Equal(
            [
                "embedding.weight", "head.weight",
                "layers.0.attention.key.weight", "layers.0.attention.output.weight", "layers.0.attention.query.weight", "layers.0.attention.value.weight",
                "layers.0.attention_norm.weight",
                "layers.0.feed_forward.down.weight", "layers.0.feed_forward.gate.weight", "layers.0.feed_forward.up.weight",
                "layers.0.feed_forward_norm.weight",
                "norm.weight",
            ],
            llama.Names);
    }

    [Fact]
    public void APrefixIsSeenBothWays()
    {
        using var scope = NewDisposeScope();
        var model = Make(_llama);
        var ids = Ids(2, 8);
        var changed = ids.clone();
        changed[.., 3] = changed[.., 3].add(1).remainder(Vocabulary);
        Tensor With(Tensor x) => Logits(model, new TokenInputs(x) { PrefixLengths = tensor(new long[] { 4, 2 }) });
        var difference = With(ids).sub(With(changed)).abs().amax(-1);
        Assert.True(difference[0, 0].item<float>() > 1e-5, "position 0 sees position 3 of its prefix");
        Assert.Equal(0, difference[1, ..3].max().item<float>());
        AssertClose(Logits(model, ids)[1, 2..], Logits(model, new TokenInputs(ids) { PrefixLengths = tensor(new long[] { 1, 1 }) })[1, 2..], 1e-5);
    }

    [Fact]
    public void AWindowHidesWhatIsFartherAway()
    {
        using var scope = NewDisposeScope();
        var model = Make(_forms["window"] with { Layers = 1 });
        var ids = Ids(1, 9);
        var changed = ids.clone();
        changed[0, 0] = changed[0, 0].add(1).remainder(Vocabulary);
        var difference = Logits(model, ids).sub(Logits(model, changed)).abs().amax(-1)[0];
        Assert.True(difference[..3].min().item<float>() > 0);
        Assert.Equal(0, difference[3..].max().item<float>());
    }

    [Fact]
    public void GroupedQueriesAreMultiHeadWithRepeatedKeys()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var grouped = Make(_llama);
        var multi = Make(_llama with { Block = _llama.Block with { Attention = new() { Heads = 4 } } });
        var weights = grouped.state_dict();
        foreach (var (name, parameter) in multi.named_parameters())
        {
            var weight = weights[name];
            parameter.copy_(name.EndsWith("key.weight", StringComparison.Ordinal) || name.EndsWith("value.weight", StringComparison.Ordinal)
                ? weight.view(2, 4, 16).repeat_interleave(2, dim: 0).view(16, 16)
                : weight);
        }

        AssertClose(Logits(multi, Ids(2, 7)), Logits(grouped, Ids(2, 7)), 1e-5);
    }

    [Fact]
    public void StartsFromItsSeedAlone()
    {
        using var scope = NewDisposeScope();
        var (a, b, c) = (Make(_gpt2), Make(_gpt2 with { Layers = 3 }), _gpt2.Build(new Seed(2)));
        var (wa, wb, wc) = (a.state_dict(), b.state_dict(), c.state_dict());
        Assert.True(wa["embedding.weight"].equal(wb["embedding.weight"]).all().item<bool>());
        Assert.True(wa["layers.1.attention.query.weight"].equal(wb["layers.1.attention.query.weight"]).all().item<bool>());
        Assert.False(wa["embedding.weight"].equal(wc["embedding.weight"]).all().item<bool>());
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("gpt2")]
    public void ComputesInBfloat16(string form)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = Make(_forms[form]);
        var ids = Ids(2, 8);
        var mask = ones(2, 8, ScalarType.Bool);
        var expected = Logits(model, ids);
        model.to(ScalarType.BFloat16);
        var got = Logits(model, new TokenInputs(ids) { Mask = mask });
        Assert.Equal(ScalarType.BFloat16, got.dtype);
        using var cache = model.NewCache(2, 8);
        foreach (var coarse in new[] { got, model.Head(model.Encode(ids, cache)) })
        {
            // eight bits of precision: some hundredths of the logits' size
            Assert.InRange((coarse.to(ScalarType.Float32).sub(expected).norm() / expected.norm()).item<float>(), 0, 0.03);
        }
    }

    [Fact]
    public void LeavesNoTensorsBehind()
    {
        using var model = _gpt2.Build(new Seed(1));
        using var ids = Ids(2, 6);
        using var mask = ones(2, 6, ScalarType.Bool);
        long Live() => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        void Forward()
        {
            using var hidden = model.Encode(new TokenInputs(ids) { Mask = mask });
            using var logits = model.Head(hidden);
            using var cache = model.NewCache(2, 6);
            cache.LeftPadding = null;
            using var cached = model.Encode(ids, cache);
        }

        Forward();
        var before = Live();
        Forward();
        Assert.Equal(before, Live());
    }

    [Fact]
    public void RefusesWhatItCannotRead()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("25 tokens", Assert.Throws<UserError>(() => Make(_llama).Encode(new TokenInputs(Ids(1, 25)))).Message, StringComparison.Ordinal);
        Assert.Throws<UserError>(() => DecoderConfig.Llama(8, 8, 10, 1, 3).Build(new Seed(1)));
        Assert.Throws<UserError>(() => DecoderConfig.Llama(8, 8, 12, 1, 4, keyValueHeads: 3).Build(new Seed(1)));
        Assert.Throws<UserError>(() => DecoderConfig.Llama(8, 8, 9, 1, 3).Build(new Seed(1)));
    }

    private static Decoder Make(DecoderConfig config)
    {
        // Larger weights than a model starts with: what is seen must show.
        var model = (config with { Initialization = config.Initialization is NormalInitializationConfig n ? n with { Std = 0.3 } : config.Initialization }).Build(new Seed(1));
        model.eval();
        return model;
    }

    private static Tensor Ids(int rows, int length, string name = "ids")
    {
        var random = new Seed(3).For(name).Random();
        return tensor(Enumerable.Range(0, rows * length).Select(_ => random.Next((long)Vocabulary)).ToArray()).view(rows, length);
    }

    private static Tensor Logits(Decoder model, Tensor ids) => Logits(model, new TokenInputs(ids));

    private static Tensor Logits(Decoder model, TokenInputs inputs) => model.Head(model.Encode(inputs));

    private static void AssertClose(Tensor expected, Tensor actual, double within)
    {
        Assert.Equal(expected.shape, actual.shape);
        var difference = expected.sub(actual).abs().max().item<float>();
        Assert.True(difference <= within, $"differs by {difference}");
    }

    private sealed class DisposableModel(DecoderConfig config) : IDisposable
    {
        private readonly Decoder _model = config.Build(new Seed(1));

        public IEnumerable<string> Names => _model.named_parameters().Select(p => p.name).Order(StringComparer.Ordinal);

        public void Dispose() => _model.Dispose();
    }
}
