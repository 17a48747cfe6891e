using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Checkpoints.Zoo;
using Heirloom.Data;
using Heirloom.Data.Sets;
using Heirloom.Data.Sources;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Parts;
using Heirloom.Models.Speech;
using Heirloom.Models.Text;
using Heirloom.Models.Vision;
using Heirloom.Models.VisionLanguage;
using Heirloom.Papers;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Schedules;
using Heirloom.Worlds.Audio;
using Heirloom.Worlds.Images;

namespace Heirloom.Reproductions.Text;

/// <summary>TencentPretrain: embedding, encoder, target embedding, decoder and targets for text, images and sound in one framework.</summary>
public sealed class P072TencentPretrain : IPaper
{
    private const string Left = "loss left", Difference = "difference from the family";

    /// <summary>Named models as assemblies: published families by their own sizes, the others by parts.</summary>
    private static readonly (string Name, Func<Trial<Sizes>, AssembledConfig> Parts, bool Family)[] s_models =
    [
        ("BERT", t => Family(new SentencePairLMConfig { Encoder = EncoderConfig.Bert(Words(t), Context(t), t.Settings.Width, 2, Heads(t)) with { Pooler = true } }), true),
        ("RoBERTa", t => Family(EncoderConfig.Roberta(Words(t), Context(t), t.Settings.Width, 2, Heads(t)) with { Positions = new LearnedPositionsConfig { Offset = 2, PaddingToken = Bed(t).Text.Tokenizer.Padding } }), true),
        ("ALBERT", t => Family(new SentencePairLMConfig { Encoder = EncoderConfig.Albert(Words(t), Context(t), t.Settings.Width, 2, Heads(t), t.Settings.Width / 2) with { Pooler = true, TokenTypes = 2 } }), true),
        ("GPT-2", t => Family(DecoderConfig.Gpt2(Words(t), Context(t), t.Settings.Width, 2, Heads(t))), true),
        ("Llama", t => Family(DecoderConfig.Llama(Words(t), Context(t), t.Settings.Width, 2, Heads(t), keyValueHeads: 1)), true),
        ("T5", t => Family(EncoderDecoderConfig.T5(Words(t), t.Settings.Width, 2, Heads(t))) with { Initialization = new FanInInitializationConfig() }, true),
        ("ViT", t => Family(VisionTransformerConfig.Vit(Bed(t).Image.Size, t.Settings.Patch, Bed(t).Image.Channels, t.Settings.Width, 2, Heads(t), classes: Bed(t).Classes)), true),
        ("MAE", t => Seeing(t, maskVector: false, new MaskedPixelsTargetConfig { Layers = 1, Block = Block(t) }), false),
        ("BEiT", t => Seeing(t, maskVector: true, new MaskedCodesTargetConfig()), false),
        ("wav2vec 2.0", t => Family(new SpeechTranscriberConfig { Encoder = Hearing(t), VocabularySize = Symbols(t), Reduction = TranscriptionReduction.Mean }), true),
        ("S2T", t => new()
        {
            Embedding = new() { Width = t.Settings.Width, Parts = [new SpeechPartConfig { Frames = Hearing(t) with { Layers = 0 } }] },
            Encoder = Blocks(t),
            TargetEmbedding = new() { Width = t.Settings.Width, Parts = [new WordPartConfig { VocabularySize = Symbols(t) }, new PositionPartConfig { Positions = new SinusoidalPositionsConfig() }] },
            Decoder = Blocks(t),
            Targets = [new CausalLMTargetConfig { Tied = true }],
        }, false),
        ("CLIP", t => Family(new ClipConfig
        {
            Text = ClipTextConfig.Clip(Words(t), Context(t), t.Settings.Width, 2, Heads(t), Bed(t).Text.Separator, projection: 32),
            Vision = ClipVisionConfig.Clip(Bed(t).Image.Size, t.Settings.Patch, Bed(t).Image.Channels, t.Settings.Width, 2, Heads(t), projection: 32),
        }) with { Initialization = new NormalInitializationConfig { Std = 1 / Math.Sqrt(t.Settings.Width) } }, true), // as published, by its width
    ];

    public static Paper Describe() => new Paper<Sizes, AssembledModel>
    {
        Id = 72,
        Source = new("TencentPretrain: A Scalable and Flexible Toolkit for Pre-training Models of Different Modalities", "Zhao, Li, Hou, Zhao, Tian, Liu, Chen, Sun, Liu, Mao, Guo, Gou, Wu, Zhu, Shi, Chen, Huang, Chen, Liu, Li, Chen, Sun, Kang, Du, Shen, Yan", 2023, new("https://arxiv.org/abs/2212.06385")),
        Claim = "One framework of embedding, encoder, target embedding, decoder and target makes pretraining models of text, images and sound that compute what their own implementations compute, and all of its targets learn.",
        Smoke = new() { Seeds = 1, Width = 16, Patch = 4, Images = null, Study = Study(SmokeText.Topics(0), 400, 3) with { ContextLength = 32, Rows = 4, HeldOutRows = 8 } },
        Quick = new(),
        Full = new() { Seeds = 5, Width = 256, Patch = 4, Images = "fashion-mnist", Study = Study(Sizes.General, 8192, 5000) with { TextShare = 1, Rows = 64, ImagesPerClass = 2000 } },
        Train = [.. s_models.Select(m => new Arm<Sizes, AssembledModel>(m.Name, t => Bed(t).Train(m.Parts(t), t.Seed)))],
        Measure =
        [
            new(Left, Better.Lower, (model, t) => [Bed(t).LossLeft(model, t.Seed)]) { Unit = "share of the untrained model's" },
            new(Difference, Better.Lower, (model, t) => [Bed(t).DifferenceFromFamily(model)]) { Unit = "largest, of an output", Only = Families },
        ],
        Findings =
        [
            .. s_models.Select(m => new Finding { Claim = $"its targets learn: {m.Name}", Method = m.Name, Constant = 1, Measure = Left, Margin = 0.02 }),
            .. Families.Select(name => new Finding { Claim = $"computes what its family's own implementation computes: {name}", Method = name, Constant = 1e-3, Measure = Difference }),
        ],
        Departures =
        [
            "models of two small layers on the Brown corpus and the State of the Union addresses, on scans of digits (Fashion-MNIST in the full profile) and on generated telephone tones, in place of web text, photographs and LibriSpeech; that targets learn is that their losses on held-out data fall by more than a fiftieth",
            "the family's own implementation is this library's, which tests hold to the hub's for every family named here; tests also load the hub's weights into assemblies. MAE, BEiT and S2T have no family of their own to compare with: their encoders are ViT's and wav2vec's blocks",
            "images' codes are by a random projection and a random codebook (Chiu et al. 2022) in place of a discrete autoencoder; MAE's decoder has learned positions",
            "sound is heard as waveforms by wav2vec's convolutions, not as filter banks",
            "LoRA on assemblies and workers that share a batch are held by tests, not measured",
        ],
    };

    private static ImmutableArray<string> Families => [.. s_models.Where(m => m.Family).Select(m => m.Name)];

    private static AssemblyStudy Bed(Trial<Sizes> t) => t.Shared("study", () => new AssemblyStudy(t.Settings.Study, t.Work)
    {
        Images = () => t.Settings.Images is { } name ? new DataSetCatalog(t.Work).OpenImages(name) : PatternImages.Generate(new() { Size = 8, Classes = 4, PerClass = 30 }, new(0)),
        Recordings = (seed, rows, steps) => new DialTones(t.Settings.Tones, rows, seed, steps),
    });

    private static int Symbols(Trial<Sizes> t) => DialTones.Symbols(t.Settings.Tones);

    private static int Words(Trial<Sizes> t) => Bed(t).Text.Tokenizer.VocabularySize;

    private static int Context(Trial<Sizes> t) => t.Settings.Study.ContextLength;

    private static int Heads(Trial<Sizes> t) => t.Settings.Width / 16;

    private static AssembledConfig Family(ModelConfig config) => ModelZoo.Assemble(config)!;

    private static TransformerBlockConfig Block(Trial<Sizes> t) => VisionTransformerConfig.Vit(1, 1, 1, t.Settings.Width, 1, Heads(t)).Block;

    private static TransformerPartConfig Blocks(Trial<Sizes> t) => new() { Layers = 2, Block = Block(t) };

    private static AssembledConfig Seeing(Trial<Sizes> t, bool maskVector, TargetConfig target) => new()
    {
        Embedding = new() { Width = t.Settings.Width, Parts = [new PatchPartConfig { ImageSize = Bed(t).Image.Size, PatchSize = t.Settings.Patch, Channels = Bed(t).Image.Channels, MaskVector = maskVector }, new PositionPartConfig()] },
        Encoder = Blocks(t),
        Targets = [target],
    };

    /// <summary>Frames of eight milliseconds.</summary>
    private static SpeechEncoderConfig Hearing(Trial<Sizes> t) => SpeechEncoderConfig.Wav2Vec(t.Settings.Width, 2, Heads(t), stable: true) with
    {
        Waveform = [new() { Width = 32, Kernel = 16, Stride = 8 }, new() { Width = 32, Kernel = 4, Stride = 4 }],
        PositionKernel = 8,
        PositionGroups = 4,
        Masking = new() { Frames = 0 },
    };

    private static AssemblyStudyConfig Study(SourceConfig text, int vocabulary, long steps) => new()
    {
        Text = new() { General = text, Tasks = [], Tokenizer = AssemblyStudyConfig.Tokenizer(vocabulary), MaxCharacters = 4000 },
        Training = new() { Steps = steps, Optimizer = new AdamWConfig { LearningRate = 3e-3, Decay = 0.01 }, Schedule = new LinearConfig { WarmUp = 0.06 } },
        FineTuning = FineTuningConfig.Example,
    };

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        internal static readonly SourceConfig General = new ConcatSourceConfig { Sources = [new DataSetSourceConfig { Name = "brown" }, new DataSetSourceConfig { Name = "sotu" }] };

        public static Sizes Example => new();

        /// <summary>Text, images, sound and budgets.</summary>
        public AssemblyStudyConfig Study { get; init; } = P072TencentPretrain.Study(General, 1024, 100) with { TextShare = 0.1 };

        /// <summary>A named set of images; null for generated ones.</summary>
        public string? Images { get; init; } = "digits";

        /// <summary>What is heard.</summary>
        public DialTonesConfig Tones { get; init; } = new();

        /// <summary>Of every model, a multiple of 16.</summary>
        [Range(16, 1 << 16)]
        public int Width { get; init; } = 48;

        /// <summary>Height and width of a patch.</summary>
        [Range(1, 1 << 10)]
        public int Patch { get; init; } = 2;
    }
}
