using Heirloom.Layers;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Models;

public class EncoderTests
{
    private static readonly EncoderConfig s_bert = EncoderConfig.Bert(32, context: 16, width: 16, layers: 2, heads: 2);

    private static readonly Dictionary<string, EncoderConfig> s_forms = new()
    {
        ["bert"] = s_bert,
        ["roberta"] = EncoderConfig.Roberta(32, 16, 16, 2, 2),
        ["albert"] = EncoderConfig.Albert(32, 16, 16, layers: 4, heads: 2, embedding: 8) with { Sharing = new() { Groups = 2, LayersPerGroup = 2 } },
        ["electra"] = EncoderConfig.Electra(32, 16, 16, 2, 2, embedding: 8),
        ["distilbert"] = EncoderConfig.DistilBert(32, 16, 16, 2, 2),
        ["pre norm, rotary, untied, plain head"] = s_bert with
        {
            TokenTypes = 0,
            EmbeddingNorm = false,
            HeadTransform = false,
            TieEmbeddings = false,
            Positions = new RotaryPositionsConfig(),
            Block = s_bert.Block with { Placement = NormPlacement.Pre },
        },
    };

    public static TheoryData<string> Forms => [.. s_forms.Keys];

    private static double Difference(Tensor a, Tensor b) => (a - b).abs().max().to(ScalarType.Float64).item<double>();

    private static Tensor Ids(params long[] ids) => tensor(ids).unsqueeze(0);

    /// <summary>Weights far from their small start, so that what is compared is of order one.</summary>
    private static Encoder Make(EncoderConfig config) =>
        (config with { Initialization = new NormalInitializationConfig { Std = 0.3, ScaleResidual = false } }).Build(new(1));

    [Theory, MemberData(nameof(Forms))]
    public void EveryTokenSeesBothSides(string form)
    {
        using var scope = NewDisposeScope();
        var model = Make(s_forms[form]);

        var changed = (model.Encode(new(Ids(5, 6, 7, 8))) - model.Encode(new(Ids(5, 6, 9, 8)))).abs().amax([0, 2]);

        Assert.All(changed.data<float>().ToArray(), c => Assert.True(c > 1e-3));
    }

    /// <summary>Four layers in two groups of two: each of the two groups' pairs runs twice.</summary>
    [Fact]
    public void SharedLayersAreThoseOfAModelThatRepeatsThem()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var shared = Make(s_forms["albert"]);
        var plain = Make(s_forms["albert"] with { Sharing = null, Layers = 8 });
        var state = shared.state_dict();
        foreach (var (name, weight) in plain.state_dict())
        {
            var parts = name.Split('.');
            if (parts[0] == "layers")
            {
                parts[1] = (int.Parse(parts[1]) switch { 0 or 2 => 0, 1 or 3 => 1, 4 or 6 => 2, _ => 3 }).ToString();
            }

            weight.copy_(state[string.Join('.', parts)]);
        }

        Assert.Equal(0, Difference(shared.Encode(new(Ids(5, 6, 7))), plain.Encode(new(Ids(5, 6, 7)))));
        Assert.Contains("do not divide", Assert.Throws<UserError>(() => { Make(s_forms["albert"] with { Layers = 1 }); }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PositionsCountPastAPaddingTokenWhateverTheMaskSays()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = Make(s_forms["roberta"]);
        var positions = model.state_dict()["positions.weight"];
        var before = model.Encode(new(Ids(5, 1, 6)));
        positions.narrow(0, 4, 12).zero_(); // rows of position 2 and later
        Assert.Equal(0, Difference(before, model.Encode(new(Ids(5, 1, 6)))));
        positions.narrow(0, 1, 1).zero_(); // that of padding
        Assert.True(Difference(before, model.Encode(new(Ids(5, 1, 6)))) > 1e-3);
    }

    [Theory, MemberData(nameof(Forms))]
    public void PaddingAndPackingChangeNothing(string form)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = Make(s_forms[form]);
        var (first, second) = (model.Encode(new(Ids(5, 6, 7))), model.Encode(new(Ids(8, 9))));

        var padded = model.Encode(new(Ids(5, 6, 7, 0, 0)) { Mask = tensor(new[] { true, true, true, false, false }).unsqueeze(0) });
        var packed = model.Encode(new(Ids(5, 6, 7, 8, 9)) { Segments = Ids(0, 0, 0, 1, 1) });

        Assert.InRange(Difference(first, padded.narrow(1, 0, 3)), 0, 1e-5);
        Assert.InRange(Difference(first, packed.narrow(1, 0, 3)), 0, 1e-5);
        Assert.InRange(Difference(second, packed.narrow(1, 3, 2)), 0, 1e-5);
    }

    [Fact]
    public void RobertaCountsPositionsFromTwo()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = Make(s_forms["roberta"]);
        var positions = model.named_parameters().Single(p => p.name == "positions.weight").parameter;
        var before = model.Encode(new(Ids(5, 6)));

        Assert.Equal([18, 16], positions.shape);
        positions.narrow(0, 0, 2).fill_(9);
        Assert.Equal(0, Difference(before, model.Encode(new(Ids(5, 6)))));
        positions.narrow(0, 2, 1).fill_(9);
        Assert.True(Difference(before, model.Encode(new(Ids(5, 6)))) > 1e-3);
    }

    [Fact]
    public void TokenTypesMatterAndDefaultToTheFirst()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = Make(s_bert);
        var plain = model.Encode(new(Ids(5, 6)));

        Assert.Equal(0, Difference(plain, model.Encode(new(Ids(5, 6)) { TokenTypes = Ids(0, 0) })));
        Assert.True(Difference(plain, model.Encode(new(Ids(5, 6)) { TokenTypes = Ids(0, 1) })) > 1e-3);
        Assert.Throws<UserError>(() => Make(s_bert with { TokenTypes = 0 }).Encode(new(Ids(5, 6)) { TokenTypes = Ids(0, 1) }));
    }

    [Fact]
    public void ParametersAreNamedAsCheckpointsExpect()
    {
        using var model = (s_bert with { Layers = 1, Pooler = true }).Build(new(1));

        string[] norms = ["embedding_norm", "layers.0.attention_norm", "layers.0.feed_forward_norm", "head_norm"];
        string[] projections =
        [
            "layers.0.attention.query", "layers.0.attention.key", "layers.0.attention.value", "layers.0.attention.output",
            "layers.0.feed_forward.up", "layers.0.feed_forward.down", "head_transform", "pooler",
        ];
        IEnumerable<string> expected =
        [
            "embedding.weight", "positions.weight", "token_types.weight", "head.bias", .. norms.Concat(projections).SelectMany(n => new[] { $"{n}.weight", $"{n}.bias" }),
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), model.named_parameters().Select(p => p.name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void TruncatedWeightsLieWithinTwoDeviations()
    {
        using var model = EncoderConfig.Bert(2000, 16, 32, 1, 2).Build(new(1));
        using var scope = NewDisposeScope();
        var weight = model.named_parameters().Single(p => p.name == "embedding.weight").parameter;

        Assert.InRange(weight.abs().max().item<float>(), 0.0395f, 0.04f);
        Assert.InRange(weight.std().item<float>(), 0.02f * 0.87f, 0.02f * 0.89f); // 0.8796 of the untruncated
    }

    [Fact]
    public void RefusesWhatItCannotRead()
    {
        using var scope = NewDisposeScope();
        var model = s_bert.Build(new(1));

        Assert.Contains("17 tokens", Assert.Throws<UserError>(() => model.Encode(new(zeros([1, 17], ScalarType.Int64)))).Message, StringComparison.Ordinal);
        Assert.Contains("pooler", Assert.Throws<UserError>(() => model.Pool(zeros(1, 16))).Message, StringComparison.Ordinal);
    }
}
