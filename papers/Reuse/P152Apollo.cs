using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using Heirloom.Papers;
using Heirloom.Reuse.Growing;

namespace Heirloom.Reproductions.Reuse;

/// <summary>Few layers that learn at many depths what they will have to do once they are as many.</summary>
public sealed class P152Apollo : IPaper
{
    private const string Flops = ComputeStudy<Sizes>.Flops, Time = ComputeStudy<Sizes>.Time;

    public static Paper Describe() => new Paper<Sizes, ComputedModel>
    {
        Id = 152,
        Source = new("Preparing Lessons for Progressive Training on Language Models", "Pan et al.", 2024, new("https://arxiv.org/abs/2401.09192")),
        Claim = "Progressive training is faster when the few layers of an early stage run at sampled larger depths, seldom at the largest, and when depth grows by interpolation and not by stacking.",
        Departures =
        [
            "GPT-2-type decoders of six layers and under a million parameters on one domain of real text instead of BERT and GPT-2 of twelve layers on Wikipedia and books",
            "stages of 1, 3 and 6 layers end after shares of the compute (8% and 25%) instead of after 5%, 10% and 25% of the epochs of 1, 3, 6 and 12 layers",
            "a constant learning rate after warm-up, the same for all, so that a loss counts when it is reached and not when a schedule ends; each stage starts its optimizer afresh",
        ],
        Smoke = new() { Seeds = 1, Testbed = SmokeText.Testbed("text"), Width = 16, HeadWidth = 8, Stages = [1, 2], Ends = [0.25], Steps = 8, Study = new() { Rows = 4, Rates = [0.01], EvaluateEvery = 4 } },
        Quick = new() { Seeds = 3 },
        Full = new() { Seeds = 5, Width = 192, HeadWidth = 32, Stages = [1, 3, 6, 12], Ends = [0.05, 0.1, 0.25], Steps = 20_000, Study = new() { Rows = 32, Rates = [3e-4, 1e-3, 3e-3], WarmUp = 500, EvaluateEvery = 200 } },
        Train =
        [
            s_study.FromScratch,
            new("stacking", t => s_study.Train(t, stages => Progressive(t, stages, new StackGrowthConfig(), null))),
            new("interpolation", t => s_study.Train(t, stages => Progressive(t, stages, new InterpolateGrowthConfig(), null))),
            new("uniform depths", t => s_study.Train(t, stages => Progressive(t, stages, new InterpolateGrowthConfig(), (own, full) => ApolloDepths.Uniform(own, full)))),
            new("Apollo", t => s_study.Train(t, stages => Progressive(t, stages, new InterpolateGrowthConfig(), (own, full) => ApolloDepths.Sampler(own, full)))),
        ],
        Measure = [.. s_study.Measurements()],
        Findings =
        [
            new() { Claim = "it reaches scratch's loss with fewer FLOPs", Method = "Apollo", Constant = 1, Measure = Flops },
            new() { Claim = "… and in less time", Method = "Apollo", Constant = 1, Measure = Time },
            new() { Claim = "… with fewer than stacking", Method = "Apollo", Baseline = "stacking", Measure = Flops },
            new() { Claim = "interpolation alone is better than stacking", Method = "interpolation", Baseline = "stacking", Measure = Flops },
            new() { Claim = "lessons help beyond interpolation", Method = "Apollo", Baseline = "interpolation", Measure = Flops },
            new() { Claim = "small depths drawn more often are better than all alike", Method = "Apollo", Baseline = "uniform depths", Measure = Flops },
            new() { Claim = "at equal FLOPs it ends no worse than scratch", Method = "Apollo", Baseline = "scratch", Measure = "text", Margin = -0.01 },
            new() { Claim = "… and better than stacking", Method = "Apollo", Baseline = "stacking", Measure = "text" },
        ],
    };

    private static readonly ComputeStudy<Sizes> s_study = new(s => (s.Width, s.Stages[^1]));

    private static DecoderConfig Shape(Trial<Sizes> t, int layers) => s_study.Shape(t, t.Settings.Width, layers);

    /// <summary>Trains ever deeper models, each for its share of the budget; where there are depths to draw, all but the last at those.</summary>
    private static Decoder Progressive(Trial<Sizes> t, StagedTraining stages, GrowthConfig growth, Func<int, int, DepthSampler>? lessons)
    {
        var (sizes, model) = (t.Settings.Stages, Shape(t, t.Settings.Stages[0]).Build(t.Seed.For("model")));
        for (var i = 0; i < sizes.Length; i++)
        {
            var share = (i < t.Settings.Ends.Length ? t.Settings.Ends[i] : 1) - (i > 0 ? t.Settings.Ends[i - 1] : 0);
            var parts = lessons is null || i + 1 == sizes.Length ? null : new ElasticDepth<Decoder, TokenBatch>(CausalLM.Objective(), lessons(sizes[i], sizes[^1]));
            stages.Fit(model, share * s_study.Budget(t), parts is null ? null : parts.Objective, parts is null ? null : () => (parts.Last!.Depth, parts.Last.Trained));
            if (i + 1 < sizes.Length)
            {
                using var shallow = model;
                model = stages.Grow(() => growth.Grow(shallow, ModelSize.Of(Shape(t, sizes[i + 1])), t.Seed));
            }
        }

        return model;
    }

    public sealed record Sizes : ComputeStudySettings, IExample<Sizes>
    {
        public static Sizes Example => new();

        /// <summary>A multiple of <see cref="ComputeStudySettings.HeadWidth"/>.</summary>
        [Range(2, 8192)]
        public int Width { get; init; } = 48;

        /// <summary>Layers of each stage; the last is the whole model's number.</summary>
        public ImmutableArray<int> Stages { get; init; } = [1, 3, 6];

        /// <summary>Shares of the budget after which all stages but the last end.</summary>
        public ImmutableArray<double> Ends { get; init; } = [0.08, 0.25];
    }
}
