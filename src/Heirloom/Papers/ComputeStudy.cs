using Heirloom.Evaluation.Testbeds;
using Heirloom.Models;
using Heirloom.Models.Text;

namespace Heirloom.Papers;

/// <summary>
/// The study that papers on growing share: ways to one GPT-2-type decoder at equal operations, measured by what they spend until they reach the validation loss at
/// which training it from random weights ends. Every way has the same rows, the same learning rates to choose from and the same choice among them; what growing costs counts.
/// </summary>
/// <param name="whole">Width and layers of the decoder that all ways lead to.</param>
public sealed class ComputeStudy<TSettings>(Func<TSettings, (int Width, int Layers)> whole)
    where TSettings : ComputeStudySettings
{
    /// <summary>Names of measurements.</summary>
    public const string Flops = "FLOPs to scratch's loss", Time = "time to scratch's loss", Loss = "text";

    /// <summary>The name of <see cref="FromScratch"/>.</summary>
    public const string ScratchName = "scratch";

    /// <summary>The baseline: the whole model, trained from random weights with all of the budget.</summary>
    public Arm<TSettings, ComputedModel> FromScratch => new(ScratchName, t => Scratch(t) with { Decoder = Scratch(t).Decoder.Copy() });

    public TextDomain Text(Trial<TSettings> t) => Testbed(t)["text"];

    /// <summary>A decoder over the testbed's vocabulary and context.</summary>
    public DecoderConfig Shape(Trial<TSettings> t, int width, int layers) =>
        DecoderConfig.Gpt2(Testbed(t).Tokenizer.VocabularySize, Testbed(t).ContextLength, width, layers, width / t.Settings.HeadWidth);

    /// <summary>The decoder that all ways lead to.</summary>
    public DecoderConfig Whole(Trial<TSettings> t)
    {
        var (width, layers) = whole(t.Settings);
        return Shape(t, width, layers);
    }

    /// <summary>Operations that every way may spend.</summary>
    public double Budget(Trial<TSettings> t) => t.Settings.Study.Flops(Whole(t), Text(t), t.Settings.Steps);

    /// <summary>Goes a way and plots its validation loss.</summary>
    public ComputedModel Train(Trial<TSettings> t, Func<StagedTraining, Decoder> way)
    {
        var made = t.Settings.Study.Train(Text(t), t.Seed.For("text"), t.Work, way);
        foreach (var (spent, loss) in made.Compute.Points)
        {
            t.Plot("validation loss by FLOPs", spent.Flops, loss);
        }

        return made;
    }

    /// <summary>A model that ways start from, or that is only measured: it is no way itself and leaves no curve.</summary>
    public ComputedModel Before(Trial<TSettings> t, string name, Func<StagedTraining, Decoder> way) =>
        t.Shared(name, () => t.Settings.Study.Train(Text(t), t.Seed.For(name), t.Work, way));

    /// <summary>What a model had spent when it reached the loss at which scratch ends, with what was spent before it, as a share of scratch's.</summary>
    public double FlopsToGoal(Trial<TSettings> t, ComputedModel made, double before = 0) => (made.Compute.To(Goal(t)).Flops + before) / Scratch(t).Compute.To(Goal(t)).Flops;

    /// <summary>Loss on held-out text, and operations and time to scratch's loss.</summary>
    /// <param name="trained">The arms that train; all when empty.</param>
    public IEnumerable<Measurement<TSettings, ComputedModel>> Measurements(params IEnumerable<string> trained) =>
    [
        new(Loss, Better.Lower, (m, t) => Text(t).Losses(m.Decoder, t.Work).ByRow) { Unit = "nats/token", Only = [.. trained] },
        new(Flops, Better.Lower, (m, t) => [FlopsToGoal(t, m)]) { Unit = "of scratch's", SameExamples = false, Only = [.. trained] },
        new(Time, Better.Lower, (m, t) => [m.Compute.To(Goal(t)).Seconds / Scratch(t).Compute.To(Goal(t)).Seconds]) { Unit = "of scratch's", SameExamples = false, Only = [.. trained] },
    ];

    private static TextTestbed Testbed(Trial<TSettings> t) => t.Shared("testbed", () => TextTestbed.Open(t.Settings.Testbed, t.Work));

    private ComputedModel Scratch(Trial<TSettings> t) => t.Shared(ScratchName, () => Train(t, stages => stages.Fit(Whole(t).Build(t.Seed.For("model")), Budget(t))));

    /// <summary>The validation loss at which scratch ends.</summary>
    private double Goal(Trial<TSettings> t) => Scratch(t).Compute.Points[^1].Loss;
}
