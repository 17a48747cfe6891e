using Heirloom.Encoding;
using Heirloom.Models.Text;

namespace Heirloom.Tests.Generation;

/// <summary>A byte-level tokenizer and a decoder of random weights that fits it.</summary>
internal static class TinyText
{
    public static ByteLevelBpe Tokenizer { get; } = BpeTrainer.Train(
        ["the cat sat on the mat 🙂 the dog sat on the log é ü 日本"],
        new() { VocabularySize = 280, MinFrequency = 1, EndOfText = "<|end|>", SpecialTokens = ["<|user|>", "<|assistant|>", "<|system|>"] },
        new WorkContext());

    public static Decoder Model(int context = 64, double std = 0.3) =>
        (DecoderConfig.Llama(Tokenizer.VocabularySize, context, 16, 2, 4, keyValueHeads: 2) with { Initialization = new Heirloom.Layers.NormalInitializationConfig { Std = std } }).Build(new Seed(3));
}
