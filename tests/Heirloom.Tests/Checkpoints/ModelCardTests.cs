using Heirloom.Checkpoints;
using Heirloom.Tests.Checkpoints.Hub;

namespace Heirloom.Tests.Checkpoints;

public class ModelCardTests
{
    [Theory]
    [InlineData("llama", "text-generation")]
    [InlineData("bert", "fill-mask")]
    [InlineData("vit", "image-classification")]
    [InlineData("vit-bare", "image-feature-extraction")]
    [InlineData("clip-vision", "image-feature-extraction")]
    [InlineData("clip-text", "feature-extraction")]
    [InlineData("clip", "zero-shot-image-classification")]
    [InlineData("wav2vec2", "automatic-speech-recognition")]
    [InlineData("wav2vec2-bare", "feature-extraction")]
    [InlineData("hubert", "audio-classification")]
    public void A_card_says_what_the_hub_calls_its_task(string name, string task)
    {
        using var model = HubExamples.All[name].Config.Build(new(1)).Module;
        var card = ModelCard.Write("m", (Heirloom.Models.IModel)model, new() { Method = "pretrain", Settings = "", Seed = 1 });
        Assert.Contains($"\npipeline_tag: {task}\n", card, StringComparison.Ordinal);
    }
}
