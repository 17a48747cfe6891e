using Heirloom.Continual.Pretraining;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models.Text;
using Heirloom.Training;
using Heirloom.Training.Optimizers;
using Heirloom.Training.Schedules;

namespace Heirloom.Papers;

/// <summary>What studies of pretrained encoders share: texts and tasks, a RoBERTa-type base, and how RoBERTa is optimized.</summary>
public static class EncoderStudy
{
    /// <summary>Texts, tokenizer and tasks, opened once a repetition.</summary>
    public static TextTasks World<TSettings>(this Trial<TSettings> trial)
        where TSettings : EncoderStudySettings => trial.Shared("world", () => TextTasks.Open(trial.Settings.Data, trial.Work));

    /// <summary>An encoder pretrained on general text by masked language modelling, the same for all arms of a repetition.</summary>
    public static Encoder Base<TSettings>(this Trial<TSettings> trial, AdaptivePretrainingConfig pretraining)
        where TSettings : EncoderStudySettings => trial.Shared("base", () =>
    {
        var (settings, world) = (trial.Settings, trial.World());
        var model = EncoderConfig.Roberta(world.Tokenizer.VocabularySize, settings.ContextLength, settings.Width, settings.Layers, heads: 4).Build(trial.Seed.For("model"));
        new AdaptivePretraining(pretraining, world.Masking, world.Separator, trial.Work).Train(model, world.General, trial.Seed.For("pretraining"));
        return model;
    });

    /// <summary>AdamW and schedule as published for RoBERTa (Liu et al. 2019, table 9), with a weight decay of 0.01 and 6% of warm-up.</summary>
    /// <param name="steps">How many.</param>
    /// <param name="rate">The peak learning rate.</param>
    public static TrainingConfig Training(long steps, double rate) => new()
    {
        Steps = steps,
        Optimizer = new AdamWConfig { LearningRate = rate, Beta2 = 0.98, Epsilon = 1e-6, Decay = 0.01 },
        Schedule = new LinearConfig { WarmUp = 0.06 },
    };
}
