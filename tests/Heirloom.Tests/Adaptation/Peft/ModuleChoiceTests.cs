using Heirloom.Adaptation.Peft;
using static TorchSharp.torch;

namespace Heirloom.Tests.Adaptation.Peft;

/// <summary>Modules are chosen as the layout chooses them.</summary>
public sealed class ModuleChoiceTests
{
    private static string[] Of(string model, ModuleChoice choice)
    {
        using var scope = NewDisposeScope();
        return [.. choice.Of(HubModules.Of(AdapterModels.Build(model)), classifies: false).Select(m => m.Name).Order(StringComparer.Ordinal)];
    }

    /// <summary>T5's names have two numbers: of the block, and of the part in it.</summary>
    [Fact]
    public void TheLastNumberIsTheLayersUnlessAPatternSaysWhich()
    {
        string[] parts = ["decoder.block.0.layer.1.EncDecAttention.q", "decoder.block.1.layer.1.EncDecAttention.q"];
        string[] blocks = ["decoder.block.1.layer.0.SelfAttention.q", "decoder.block.1.layer.1.EncDecAttention.q", "encoder.block.1.layer.0.SelfAttention.q"];
        var choice = new ModuleChoice { Targets = ["q"], Layers = [1] };

        Assert.Equal(parts, Of("t5", choice));
        Assert.Equal(parts, Of("t5", choice with { LayersPattern = ["layer"] }));
        Assert.Equal(blocks, Of("t5", choice with { LayersPattern = ["block"] }));
        Assert.Equal(blocks, Of("t5", choice with { LayersPattern = ["h", "block"] }));
        Assert.Equal(blocks, Of("t5", choice with { LayersPattern = ["block|h"] }));
        Assert.Equal(blocks, Of("t5", choice with { LayersPattern = ["(?P<any>bl)(ock)"] }));
        Assert.Equal(["model.layers.1.self_attn.q_proj"], Of("llama", choice with { Targets = ["q_proj"] }));
        Assert.Throws<UserError>(() => Of("t5", choice with { LayersPattern = ["h"] }));
    }

    [Theory]
    [InlineData("(")]
    [InlineData(@"((\w+\.?)+\.?)+!")]
    public void PatternsThatCannotBeUsedAreRefusedByName(string pattern)
    {
        var error = Assert.Throws<UserError>(() => Of("t5", new() { Targets = ["q"], Layers = [1], LayersPattern = [pattern] }));
        Assert.StartsWith($"layers_pattern: '{pattern}' ", error.Message, StringComparison.Ordinal);

        error = Assert.Throws<UserError>(() => Of("t5", new() { TargetPattern = pattern }));
        Assert.StartsWith($"target_pattern: '{pattern}' ", error.Message, StringComparison.Ordinal);
    }
}
