using Heirloom.Adaptation.Peft;
using Heirloom.Adaptation.Tuning;
using Heirloom.Models.Vision;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Tests.Adaptation;

public class TuningTests
{
    private static readonly VisionTransformerConfig s_config = VisionTransformerConfig.Vit(image: 8, patch: 4, channels: 1, width: 16, layers: 2, heads: 2, classes: 3);

    /// <summary>What a vision transformer can be tuned by without naming its modules; adapters that are kept in files have tests of their own.</summary>
    public static TheoryData<string> Kinds => [.. Settings.Kinds(typeof(TuningConfig)).Where(k => !k.Value.IsAssignableTo(typeof(AdapterConfig))).Select(k => k.Key), "deep"];

    private static TuningConfig Config(string kind) =>
        kind == "deep" ? new VisualPromptConfig { Deep = true } : (TuningConfig)Activator.CreateInstance(Settings.Kinds(typeof(TuningConfig))[kind])!;

    private static Tensor Images() => linspace(0, 1, 128).view(2, 1, 8, 8);

    private static float[] Values(Tensor x) => x.detach().contiguous().data<float>().ToArray();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void DetachingGivesBackTheModel(string kind)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = s_config.Build(new(1));
        var before = Values(model.Embed(Images()));
        using var tuning = Config(kind).Build(model, new(2));

        tuning.Attach(model);
        Assert.Equal([2, 5, 16], model.Encode(Images()).shape);
        Assert.Throws<InvalidOperationException>(() => tuning.Attach(model));
        tuning.Detach();

        Assert.Equal(before, Values(model.Embed(Images())));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void OnlyWhatIsTunedHasGradients(string kind)
    {
        using var scope = NewDisposeScope();
        using var model = s_config.Build(new(1)).Freeze();
        using var tuning = Config(kind).Build(model, new(2));
        tuning.Attach(model);

        model.Embed(Images()).square().sum().backward();

        Assert.All(tuning.named_parameters(), p => Assert.True(p.parameter.grad is not null, $"{p.name} has no gradient"));
        Assert.All(model.named_parameters(), p => Assert.Equal(kind == "full_tuning" && !p.name.StartsWith("classifier", StringComparison.Ordinal), p.parameter.grad is not null));
        tuning.Detach();
        Assert.All(model.parameters(), p => Assert.False(p.requires_grad));
    }

    /// <summary>Of a model, hooks the first linear layer and fails at the next.</summary>
    private sealed class Failing() : TuningModule(nameof(Failing))
    {
        protected override void AttachTo(nn.Module model)
        {
            HookOutput(model.modules().OfType<Linear>().First(), (_, y) => y + 1);
            throw new UserError("no");
        }
    }

    [Fact]
    public void AFailedAttachLeavesTheModelAlone()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = s_config.Build(new(1));
        using var tuning = new Failing();
        var before = Values(model.Embed(Images()));

        Assert.Throws<UserError>(() => tuning.Attach(model));

        Assert.False(tuning.IsAttached);
        Assert.Equal(before, Values(model.Embed(Images())));
    }

    [Fact]
    public void AnAdapterStartsAsNothingAndAddsScaledBottleneck()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = (s_config with { Layers = 1 }).Build(new(1));
        using var tuning = new BottleneckAdapterConfig { Width = 3, Scale = 0.5 }.Build(model, new(2));
        var before = model.Embed(Images());
        var layer = (nn.Module<Tensor, Tensor>)model.named_modules().Single(m => m.name == "layers.0.feed_forward").module;
        tuning.Attach(model);
        Assert.True(model.Embed(Images()).allclose(before));

        tuning.get_parameter("up.0.weight")!.fill_(0.1);
        tuning.get_parameter("up.0.bias")!.fill_(0.2);
        var input = randn([2, 5, 16], generator: new Seed(3).Generator());
        var written = layer.call(input);
        tuning.Detach();
        var read = layer.call(input);

        var (down, bias) = (tuning.get_parameter("down.0.weight")!, tuning.get_parameter("down.0.bias")!);
        var hidden = (input.matmul(down.T) + bias).relu();
        Assert.True(written.allclose(read + (0.5 * ((0.1 * hidden.sum(-1, keepdim: true)) + 0.2)), rtol: 1e-4, atol: 1e-5));
    }

    [Fact]
    public void ScaleAndShiftActOnEveryOperationButTheClassifier()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = s_config.Build(new(1));
        using var tuning = new ScaleShiftConfig { Std = 0 }.Build(model, new(2));
        var before = model.Embed(Images());
        tuning.Attach(model);

        Assert.Equal(2 * (1 + (2 * 8) + 1), tuning.parameters().Count()); // patches; 4 + 2 projections and 2 norms a layer; the last norm
        Assert.True(model.Embed(Images()).allclose(before));
        var place = model.named_modules().Where(m => m.module is Linear or Conv2d or LayerNorm && m.name != "classifier").Select(m => m.name).ToList().IndexOf("norm");
        var last = tuning.get_parameter($"scale.{place}")!;
        last.fill_(2);
        Assert.True(model.Embed(Images()).allclose(2 * before, rtol: 1e-4, atol: 1e-5)); // the final norm's output
    }

    [Fact]
    public void ShallowPromptsAreTokensBesideThePatches()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = s_config.Build(new(1));
        using var prompt = new VisualPromptConfig { Length = 4 }.Build(model, new(2));
        using var tokens = new ChosenTokens();
        prompt.Attach(model);
        var prompted = model.Embed(Images());
        prompt.Detach();
        tokens.Attach(model);
        tokens.Current = prompt.get_parameter("prompts")!.expand(2, -1, -1);

        Assert.Equal([2, 9, 16], model.Encode(Images()).shape);
        Assert.True(model.Embed(Images()).allclose(prompted, rtol: 1e-4, atol: 1e-5));
    }

    [Fact]
    public void APrefixOfAllZeroValuesOnlyTakesAttentionAway()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = (s_config with { Layers = 1 }).Build(new(1));
        using var prefix = new ChosenPrefix([0]);
        var attention = (nn.Module<Tensor, Heirloom.Layers.AttentionContext, int, Tensor>)model.named_modules().Single(m => m.name == "layers.0.attention").module;
        model.get_parameter("layers.0.attention.key.weight")!.fill_(0); // every score is 0: attention is the mean of values
        var input = randn([2, 5, 16], generator: new Seed(3).Generator());
        var before = attention.call(input, new(), 0);
        prefix.Attach(model);
        prefix.Current = zeros([1, 1, 2, 5, 16]);

        // biases are 0, so the mean over 5 zeros and 5 values is half of the mean
        Assert.True(attention.call(input, new(), 0).allclose(0.5 * before, rtol: 1e-4, atol: 1e-6));
        Assert.Throws<UserError>(() => new ChosenPrefix([1]).Attach(model));
    }
}
