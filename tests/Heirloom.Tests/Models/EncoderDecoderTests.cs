using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Models;

public class EncoderDecoderTests
{
    private static readonly Dictionary<string, EncoderDecoderConfig> s_forms = new()
    {
        ["t5"] = EncoderDecoderConfig.T5(32, width: 16, layers: 2, heads: 2, headWidth: 6),
        ["bart"] = EncoderDecoderConfig.Bart(32, context: 16, width: 16, layers: 2, heads: 2) with { DecoderLayers = 1, EmbeddingScale = 4 },
        ["gated"] = EncoderDecoderConfig.T5Gated(32, width: 16, layers: 2, heads: 2),
    };

    public static TheoryData<string> Forms => [.. s_forms.Keys];

    private static Tensor Ids(params long[] ids) => tensor(ids).unsqueeze(0);

    private static double Difference(Tensor a, Tensor b) => (a - b).abs().max().to(ScalarType.Float64).item<double>();

    [Theory, MemberData(nameof(Forms))]
    public void TheDecoderSeesTheSourceAndEarlierTokensOnly(string form)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = s_forms[form].Build(new(1));
        var memory = model.EncodeSource(Ids(5, 6, 7), null);
        var hidden = model.Decode(Ids(0, 8, 9, 10), memory, null);

        var later = model.Decode(Ids(0, 8, 9, 11), memory, null);
        var other = model.Decode(Ids(0, 8, 9, 10), model.EncodeSource(Ids(5, 6, 12), null), null);

        Assert.InRange(Difference(hidden.narrow(1, 0, 3), later.narrow(1, 0, 3)), 0, 1e-5);
        Assert.True(Difference(hidden.narrow(1, 3, 1), later.narrow(1, 3, 1)) > 1e-3);
        Assert.All((hidden - other).abs().amax([0, 2]).data<float>().ToArray(), d => Assert.True(d > 1e-4));
    }

    [Theory, MemberData(nameof(Forms))]
    public void PaddingOfTheSourceChangesNothing(string form)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = s_forms[form].Build(new(1));
        var mask = tensor(new[] { true, true, true, false, false }).unsqueeze(0);

        var plain = model.Decode(Ids(0, 8), model.EncodeSource(Ids(5, 6, 7), null), null);
        var padded = model.Decode(Ids(0, 8), model.EncodeSource(Ids(5, 6, 7, 3, 3), mask), mask);

        Assert.InRange(Difference(plain, padded), 0, 1e-5);
    }

    /// <summary>Rows leave, are doubled and change places on the way, and their memories go with them.</summary>
    [Theory, MemberData(nameof(Forms))]
    public void DecodingThroughTheCacheGivesTheSame(string form)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = s_forms[form].Build(new(1));
        var source = tensor(new[] { 5L, 6, 7, 8, 9, 10, 11, 3, 3 }, [3, 3]);
        var mask = tensor(new[] { true, true, true, true, true, true, true, false, false }, [3, 3]);
        var target = tensor(new[] { 0L, 8, 9, 10, 0, 12, 13, 14, 0, 15, 16, 17 }, [3, 4]);
        var memory = model.EncodeSource(source, mask);
        var whole = model.Decode(target, memory, mask);
        using var cache = model.NewCache(memory, mask, 4);

        Assert.InRange(Difference(whole.narrow(1, 0, 2), model.Decode(target.narrow(1, 0, 2), cache)), 0, 1e-5);
        var rows = tensor(new[] { 2L, 0, 2 });
        cache.Reorder(rows);
        for (var t = 2; t < 4; t++)
        {
            Assert.InRange(Difference(whole.index_select(0, rows).narrow(1, t, 1), model.Decode(target.index_select(0, rows).narrow(1, t, 1), cache)), 0, 1e-5);
        }

        Assert.Contains("do not fit a cache of 4", Assert.Throws<UserError>(() => { model.Decode(target.index_select(0, rows).narrow(1, 0, 1), cache); }).Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Forms))]
    public void PackedSegmentsAreReadAsIfAlone(string form)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = s_forms[form].Build(new(1));

        var packed = model.Encode(new(Ids(5, 6, 7, 8, 9)) { Segments = Ids(0, 0, 1, 1, 1) });

        Assert.InRange(Difference(packed, cat([model.Encode(new(Ids(5, 6))), model.Encode(new(Ids(7, 8, 9)))], 1)), 0, 1e-5);
    }

    [Fact]
    public void APrefixIsRefused()
    {
        using var scope = NewDisposeScope();
        var model = s_forms["t5"].Build(new(1));
        Assert.Contains("no prefix", Assert.Throws<UserError>(() => model.Encode(new(Ids(5, 6, 7)) { PrefixLengths = tensor(new long[] { 2 }) })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LearnedPositionsAndWidthsThatDifferAreChecked()
    {
        var bart = s_forms["bart"];
        Assert.Contains("context_length", Assert.Throws<UserError>(() => { (bart with { ContextLength = null }).Build(new(1)); }).Message, StringComparison.Ordinal);
        Assert.Contains("decoder_block.width", Assert.Throws<UserError>(
            () => { (bart with { DecoderBlock = bart.Block with { Width = 8 } }).Build(new(1)); }).Message, StringComparison.Ordinal);
        using var scope = NewDisposeScope();
        var model = bart.Build(new(1));
        Assert.Contains("does not fit a context of 16", Assert.Throws<UserError>(() => { model.EncodeSource(zeros([1, 17], ScalarType.Int64), null); }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheTiedHeadIsTheScaledEmbedding()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = s_forms["t5"].Build(new(1));
        var embedding = model.named_parameters().Single(p => p.name == "embedding.weight").parameter;
        var hidden = randn(3, 16);

        Assert.InRange(Difference(hidden.matmul(embedding.t()) / 4, model.Head(hidden)), 0, 1e-5);
    }

    [Fact]
    public void ParametersAreNamedAsCheckpointsExpect()
    {
        using var model = (s_forms["gated"] with { EncoderLayers = 1, DecoderLayers = 1 }).Build(new(1));

        string[] attention = ["query", "key", "value", "output"];
        string[] feedForward = ["up", "gate", "down"];
        IEnumerable<string> Stack(string name, params string[] attentions) =>
        [
            $"{name}.positions", $"{name}.norm", $"{name}.layers.0.feed_forward_norm",
            .. feedForward.Select(p => $"{name}.layers.0.feed_forward.{p}"),
            .. attentions.SelectMany(a => attention.Select(p => $"{name}.layers.0.{a}.{p}").Append($"{name}.layers.0.{a}_norm")),
        ];
        IEnumerable<string> expected = ["embedding", "head", .. Stack("encoder", "attention"), .. Stack("decoder", "attention", "cross_attention")];
        Assert.Equal(expected.Select(n => $"{n}.weight").Order(StringComparer.Ordinal), model.named_parameters().Select(p => p.name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void DecodingStartsInTheVocabulary() =>
        Assert.Throws<UserError>(() => (s_forms["t5"] with { DecoderStart = 32 }).Build(new(1)));
}
