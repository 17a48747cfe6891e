using CsCheck;
using Heirloom.Evaluation.Compute;
using Heirloom.Models.Text;
using Heirloom.Models.Vision;

namespace Heirloom.Tests.Evaluation;

public class ComputeTests
{
    [Fact]
    public void FlopsAreThoseOfTheFormula()
    {
        // by hand: a layer of width 8 has 4·8·8 weights of attention and 2·8·32 of feed-forward; 16 tokens of vocabulary; 4 keys
        var gpt2 = DecoderConfig.Gpt2(16, context: 4, width: 8, layers: 3, heads: 2);
        const double layer = (2 * ((4 * 64) + (2 * 256))) + (4 * 4 * 8);
        Assert.Equal(3 * ((3 * layer) + (2 * 16 * 8)), TrainingFlops.PerToken(gpt2.Build(new(1)), 4));
        Assert.Equal(3 * ((5 * layer) + (2 * 16 * 8)), TrainingFlops.PerToken(gpt2.Build(new(1)), 4, layers: 5));
        Assert.Equal((5 + (2 * 2)) * layer + (3 * 2 * 16 * 8), TrainingFlops.PerToken(gpt2.Build(new(1)), 4, layers: 5, trained: 2));
        Assert.Equal(TrainingFlops.PerToken(gpt2.Build(new(1)), 4), TrainingFlops.PerToken((gpt2 with { TieEmbeddings = false }).Build(new(1)), 4));

        // what runs once a sequence does not count; the head's transform does
        var bert = EncoderConfig.Bert(16, context: 4, width: 8, layers: 3, heads: 2);
        Assert.Equal(3 * ((3 * layer) + (2 * 64) + (2 * 16 * 8)), TrainingFlops.PerToken((bert with { Pooler = true }).Build(new(1)), 4));

        // shared layers run as often as others
        var albert = EncoderConfig.Albert(16, context: 4, width: 8, layers: 3, heads: 2, embedding: 4);
        Assert.Equal(3 * ((3 * layer) + (2 * 2 * 8 * 4) + (2 * 16 * 4)), TrainingFlops.PerToken(albert.Build(new(1)), 4));

        var vit = VisionTransformerConfig.Vit(image: 4, patch: 2, channels: 3, width: 8, layers: 3, heads: 2, classes: 5);
        Assert.Equal(3 * ((3 * layer) + (2 * 8 * 3 * 4)), TrainingFlops.PerToken(vit.Build(new(1)), 4));
    }

    [Fact]
    public void ComputeToALossIsReadOffBetweenMeasurements()
    {
        var compute = new ComputeToLoss();
        compute.Spend(new(100, 10)); // growing
        compute.Reach(5);
        compute.Spend(new(50, 1));
        compute.Spend(new(50, 1));
        compute.Reach(4);
        compute.Spend(new(100, 2));
        compute.Reach(4.5);

        Assert.Equal(new(100, 10), compute.To(6));
        Assert.Equal(new(150, 11), compute.To(4.5));
        Assert.Equal(new(200, 12), compute.To(4));
        Assert.Equal(compute.Total, compute.To(3.9));
        Assert.Equal((true, false), (compute.Reaches(4), compute.Reaches(3.9)));
        Assert.Throws<ArgumentOutOfRangeException>(() => compute.Spend(new(-1, 0)));
    }

    [Fact]
    public void ALowerLossNeverTakesLess() =>
        Gen.Select(Gen.Double[1, 9].Array[1, 12], Gen.Double[0, 10], Gen.Double[0, 10]).Sample((losses, a, b) =>
        {
            var compute = new ComputeToLoss();
            foreach (var loss in losses)
            {
                compute.Spend(new(7, 1));
                compute.Reach(loss);
            }

            Assert.True(compute.To(Math.Min(a, b)).Flops >= compute.To(Math.Max(a, b)).Flops - 1e-9);
            Assert.InRange(compute.To(a).Flops, 7, compute.Total.Flops);
        });
}
