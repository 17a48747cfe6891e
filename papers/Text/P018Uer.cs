using System.ComponentModel.DataAnnotations;
using Heirloom.Checkpoints;
using Heirloom.Data;
using Heirloom.Data.Sets;
using Heirloom.Data.Sources;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Layers;
using Heirloom.Models.Parts;
using Heirloom.Models.Text;
using Heirloom.Papers;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Schedules;

namespace Heirloom.Reproductions.Text;

/// <summary>UER: models assembled on demand of an embedding, an encoder and targets, and a zoo of them.</summary>
public sealed class P018Uer : IPaper
{
    private const string Zoo = "from the zoo", Scratch = "from scratch", Left = "loss left", Accuracy = "accuracy";

    /// <summary>Encoders and targets, each as a recipe would name them.</summary>
    private static readonly (string Name, Func<int, EncoderPartConfig> Encoder, TargetConfig[] Targets)[] s_combinations =
    [
        ("transformer × masked LM", Full, [new MaskedLMTargetConfig()]),
        ("transformer × masked LM + sentence pair", Full, [new MaskedLMTargetConfig(), new SentencePairTargetConfig()]),
        ("causal transformer × LM", Causal, [new CausalLMTargetConfig { Tied = true }]),
        ("causal transformer × prefix LM", Causal, [new CausalLMTargetConfig { Tied = true, Prefix = true }]),
        ("RNN × LM", w => new RecurrentPartConfig { Width = w, Cell = RecurrentCell.Rnn }, [new CausalLMTargetConfig()]),
        ("LSTM × LM", w => new RecurrentPartConfig { Width = w }, [new CausalLMTargetConfig()]),
        ("GRU × LM", w => new RecurrentPartConfig { Width = w, Cell = RecurrentCell.Gru }, [new CausalLMTargetConfig()]),
        ("gated CNN × LM", w => new GatedCnnPartConfig { Width = w, Layers = 4 }, [new CausalLMTargetConfig()]),
        ("gated CNN, both ways × masked LM", w => new GatedCnnPartConfig { Width = w, Layers = 4, Causal = false }, [new MaskedLMTargetConfig()]),
        ("BiLSTM × masked LM", w => new RecurrentPartConfig { Width = w, Direction = ReadingDirection.Both }, [new MaskedLMTargetConfig()]),
        ("BiGRU × masked LM + sentence pair", w => new RecurrentPartConfig { Width = w, Cell = RecurrentCell.Gru, Direction = ReadingDirection.Both }, [new MaskedLMTargetConfig(), new SentencePairTargetConfig()]),
        ("BiLSTM × bidirectional LM", w => new RecurrentPartConfig { Width = w, Direction = ReadingDirection.Separate }, [new BidirectionalLMTargetConfig()]),
        ("BiGRU × bidirectional LM", w => new RecurrentPartConfig { Width = w, Cell = RecurrentCell.Gru, Direction = ReadingDirection.Separate }, [new BidirectionalLMTargetConfig()]),
    ];

    public static Paper Describe() => new Paper<Sizes, AssembledModel>
    {
        Id = 18,
        Source = new("UER: An Open-Source Toolkit for Pre-training Models", "Zhao, Chen, Zhang, Zhao, Chen, Deng, Liu, Wang, Liu, Hua, Zhang, Ju, Du", 2019, new("https://arxiv.org/abs/1909.05658")),
        Claim = "Models assembled on demand of an embedding, an encoder and targets pretrain from their settings alone, and a model of the zoo is a better start for a task than the same model from scratch.",
        Smoke = new()
        {
            Seeds = 1,
            Width = 16,
            Study = Study(SmokeText.Topics(1), [new() { Name = "topics", Source = SmokeText.Topics(2), Field = "topic" }], 400, steps: 4, tuning: 4) with { ContextLength = 32, Rows = 4, HeldOutRows = 8, Labels = 16 },
            Zoo = Steps(6, 4e-3),
        },
        Quick = new(),
        Full = new()
        {
            Seeds = 5,
            Width = 128,
            Study = Study(Sizes.General, [Sizes.Mail, new() { Name = "reviews", Source = new DataSetSourceConfig { Name = "food-reviews" } }], 8192, steps: 2000, tuning: 300) with { TextShare = 1, Labels = 800 },
            Zoo = Steps(20_000, 1e-3),
        },
        Train =
        [
            .. s_combinations.Select(c => new Arm<Sizes, AssembledModel>(c.Name, t => Bed(t).Train(Assemble(t, c.Encoder(t.Settings.Width), c.Targets), t.Seed))),
            new(Zoo, t =>
            {
                // pretrained, put into the zoo and taken out of it again by its path
                using var model = Bed(t).Train(ZooModel(t), t.Seed, t.Settings.Zoo);
                var folder = Path.Combine(t.Work.Places.Cache, "zoo", $"{Settings.Hash(t.Settings)}-{t.Seed.Value}");
                Checkpoint.Save(folder, new() { Model = model, Lineage = new() { Method = "pretrain", Settings = Settings.ToYaml(t.Settings), Seed = t.Seed.Value }, Parts = [Bed(t).Text.Tokenizer] });
                return Checkpoint.LoadAs<AssembledText>(folder).Model;
            }),
            new(Scratch, t => ZooModel(t).Build(t.Seed.For("model"))),
        ],
        Measure =
        [
            new(Left, Better.Lower, (model, t) => [Bed(t).LossLeft(model, t.Seed)]) { Unit = "share of the untrained model's", Only = [.. s_combinations.Select(c => c.Name)] },
            new(Accuracy, Better.Higher, (model, t) => Bed(t).Accuracy((AssembledText)model, t.Seed)) { Only = [Zoo, Scratch] },
        ],
        Findings =
        [
            .. s_combinations.Select(c => new Finding { Claim = $"trains from settings alone: {c.Name}", Method = c.Name, Constant = 1, Measure = Left, Margin = 0.02 }),
            new() { Claim = "a model of the zoo beats the same model from scratch at a task", Method = Zoo, Baseline = Scratch, Measure = Accuracy },
        ],
        Departures =
        [
            "models of one or two small layers on the Brown corpus and the State of the Union addresses in place of BERT-base and its like on Chinese text; that a combination trains is that its loss on held-out text falls by more than a fiftieth",
            "the zoo's model is pretrained by the run itself, stored as a checkpoint and loaded by its path; it is the transformer with masked words and sentence pairs, as UER's first",
            "the task is whether a mail is spam (in the full profile also whether a review is great) in place of the paper's Chinese sets; a hundred labelled texts (eight hundred in the full profile), of which a quarter chooses each model's learning rate",
            "texts are pooled by their mean; the paper's gated CNN adds a block's input in all layers but every n-th, ours after every second (Dauphin et al. 2017)",
        ],
    };

    private static TransformerPartConfig Full(int width) => new TransformerPartConfig { Layers = 2, Block = EncoderConfig.Bert(1, 1, width, 1, heads: width / 16).Block };

    private static TransformerPartConfig Causal(int width) => new TransformerPartConfig { Layers = 2, Block = DecoderConfig.Gpt2(1, 1, width, 1, heads: width / 16).Block, Causal = true };

    private static AssemblyStudy Bed(Trial<Sizes> t) => t.Shared("study", () => new AssemblyStudy(t.Settings.Study, t.Work));

    private static AssembledConfig ZooModel(Trial<Sizes> t) => Assemble(t, Full(t.Settings.Width), [new MaskedLMTargetConfig(), new SentencePairTargetConfig()]);

    private static AssembledConfig Assemble(Trial<Sizes> t, EncoderPartConfig encoder, TargetConfig[] targets) => new()
    {
        Embedding = new()
        {
            Width = t.Settings.Width,
            ContextLength = t.Settings.Study.ContextLength,
            Parts = [new WordPartConfig { VocabularySize = Bed(t).Text.Tokenizer.VocabularySize }, new PositionPartConfig(), new SegmentPartConfig()],
            Norm = new LayerNormConfig(),
        },
        Encoder = encoder,
        Targets = [.. targets],
    };

    private static TrainingConfig Steps(long steps, double rate) => new()
    {
        Steps = steps, Optimizer = new AdamWConfig { LearningRate = rate, Decay = 0.01 }, Schedule = new LinearConfig { WarmUp = 0.06 },
    };

    private static AssemblyStudyConfig Study(SourceConfig general, TextTaskConfig[] tasks, int vocabulary, long steps, long tuning) => new()
    {
        Text = new() { General = general, Tasks = [.. tasks], Tokenizer = AssemblyStudyConfig.Tokenizer(vocabulary), MaxTestExamples = 500, MaxCharacters = 4000 },
        Training = Steps(steps, 4e-3),
        FineTuning = new() { Training = Steps(tuning, 2e-3), BatchSize = 16 },
    };

    public sealed record Sizes : PaperSettings, IExample<Sizes>
    {
        internal static readonly SourceConfig General = new ConcatSourceConfig { Sources = [new DataSetSourceConfig { Name = "brown" }, new DataSetSourceConfig { Name = "sotu" }] };

        internal static readonly TextTaskConfig Mail = new() { Name = "mail", Source = new DataSetSourceConfig { Name = "spam-assassin" } };

        public static Sizes Example => new();

        /// <summary>Text, the task, and budgets.</summary>
        public AssemblyStudyConfig Study { get; init; } = P018Uer.Study(General, [Mail], 1024, steps: 60, tuning: 80) with { TextShare = 0.1, Labels = 100 };

        /// <summary>Of embeddings and encoders, a multiple of 16.</summary>
        [Range(16, 1 << 16)]
        public int Width { get; init; } = 48;

        /// <summary>Of the zoo's model.</summary>
        public TrainingConfig Zoo { get; init; } = Steps(1000, 3e-3);
    }
}
