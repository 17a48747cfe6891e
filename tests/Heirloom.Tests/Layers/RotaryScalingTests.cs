using Heirloom.Layers;
using static TorchSharp.torch;

namespace Heirloom.Tests.Layers;

/// <summary>What each scaling promises of its angles; that whole models agree with another implementation is tested by the references.</summary>
public sealed class RotaryScalingTests
{
    private const int Width = 16, Length = 32;
    private const double Base = 1000;

    private static readonly double[] Plain = RotaryScalingConfig.Plain(Width, Base);

    [Fact]
    public void Plain_angles_are_powers_of_the_base() => Assert.All(Plain.Select((f, i) => (f, i)), p => Assert.Equal(Math.Pow(Base, -p.i / 8.0), p.f, 12));

    [Fact]
    public void Linear_divides_every_angle() =>
        Assert.Equal(Plain.Select(f => f / 4), new LinearRotaryScalingConfig { Factor = 4 }.Frequencies(Width, Base, 7));

    [Fact]
    public void Dynamic_leaves_what_fits_and_slows_what_is_longer()
    {
        var scaling = new DynamicRotaryScalingConfig { Factor = 2, OriginalLength = Length };
        Assert.Equal(Plain, scaling.Frequencies(Width, Base, 5));
        Assert.Equal(Plain, scaling.Frequencies(Width, Base, Length));
        var longer = scaling.Frequencies(Width, Base, 2 * Length);
        Assert.Equal(1, longer[0]);
        // at twice the length the base has grown so far that the slowest pair turns three times slower
        Assert.Equal(Plain[^1] / 3, longer[^1], 12);
        Assert.All(longer.Skip(1).Zip(Plain.Skip(1)), p => Assert.True(p.First < p.Second));
    }

    [Fact]
    public void Llama3_keeps_fast_pairs_divides_slow_ones_and_is_in_order_between()
    {
        var scaled = new Llama3RotaryScalingConfig { Factor = 8, OriginalLength = Length }.Frequencies(Width, Base, 1);
        for (var i = 0; i < scaled.Length; i++)
        {
            var turns = Length * Plain[i] / (2 * Math.PI);
            var expected = turns >= 4 ? Plain[i] : turns <= 1 ? Plain[i] / 8 : double.NaN;
            Assert.True(double.IsNaN(expected) ? scaled[i] > Plain[i] / 8 && scaled[i] < Plain[i] : Math.Abs(scaled[i] - expected) < 1e-15, $"pair {i}");
        }

        Assert.Contains("is not below high_frequency_factor", Assert.Throws<UserError>(() =>
            new Llama3RotaryScalingConfig { Factor = 8, OriginalLength = Length, LowFrequencyFactor = 4 }.Frequencies(Width, Base, 1)).Message);
    }

    [Fact]
    public void Yarn_keeps_fast_pairs_divides_slow_ones_and_sharpens()
    {
        var yarn = new YarnRotaryScalingConfig { Factor = 4, OriginalLength = Length };
        var scaled = yarn.Frequencies(Width, Base, 1);
        Assert.Equal(Plain[0], scaled[0]);
        Assert.Equal(Plain[^1] / 4, scaled[^1], 15);
        Assert.Equal((0.1 * Math.Log(4)) + 1, yarn.Magnitude);
        using var scope = NewDisposeScope();
        var rotation = new RotaryPositionsConfig { Scaling = yarn with { AttentionFactor = 1.5 } }.Build(new(Width, 1, Width, Length, true)).Rotate(0, 3, zeros(1));
        Assert.All(rotation.Cos.square().add(rotation.Sin.square()).data<float>().ToArray(), squared => Assert.Equal(1.5 * 1.5, squared, 1e-5));
    }

    /// <summary>A step with a cache turns as the whole sequence would, as far as the scaling is the same for every length.</summary>
    [Fact]
    public void Angles_continue()
    {
        using var scope = NewDisposeScope();
        foreach (var scaling in (RotaryScalingConfig?[])[null, new LinearRotaryScalingConfig { Factor = 3 }, new Llama3RotaryScalingConfig { Factor = 8, OriginalLength = Length }])
        {
            var positions = new RotaryPositionsConfig { Scaling = scaling }.Build(new(Width, 1, Width, Length, true));
            var (whole, step) = (positions.Rotate(0, 9, zeros(1)), positions.Rotate(6, 3, zeros(1)));
            Assert.True(whole.Cos.narrow(0, 6, 3).equal(step.Cos).all().item<bool>());
            Assert.True(whole.Sin.narrow(0, 6, 3).equal(step.Sin).all().item<bool>());
        }
    }

    [Fact]
    public void A_single_pair_cannot_be_scaled_by_its_base() =>
        Assert.Contains("a single pair of coordinates does not see", Assert.Throws<UserError>(() =>
            new RotaryPositionsConfig { Scaling = new DynamicRotaryScalingConfig { Factor = 2, OriginalLength = 4 } }.Build(new(2, 1, 2, 8, true))).Message);
}
