using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Models;

public class EncoderDecoderTests
{
    private static readonly Dictionary<string, EncoderDecoderConfig> s_forms = new()
    {
        ["t5"] = EncoderDecoderConfig.T5(32, width: 16, layers: 2, heads: 2, headWidth: 6),
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
            $"{name}.relative_positions", $"{name}.norm", $"{name}.layers.0.feed_forward_norm",
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
