using CsCheck;
using Heirloom.Training.Schedules;

namespace Heirloom.Tests.Training;

public class ScheduleTests
{
    private const double Exact = 1e-12;

    [Fact]
    public void Constant()
    {
        var schedule = new ConstantConfig { WarmUp = 10 };
        Assert.Equal(0.1, schedule.At(0, 100), Exact);
        Assert.Equal(1, schedule.At(9, 100), Exact);
        Assert.Equal(1, schedule.At(99, 100), Exact);
        Assert.Equal(1, new ConstantConfig().At(0, 100));
    }

    [Fact]
    public void Linear()
    {
        var schedule = new LinearConfig { WarmUp = 0.1, Final = 0.2 };
        Assert.Equal(0.5, schedule.At(4, 100), Exact);
        Assert.Equal(1, schedule.At(10, 100), Exact);
        Assert.Equal(0.6, schedule.At(55, 100), Exact);
        Assert.Equal(0.2, schedule.At(100, 100), Exact);
    }

    [Fact]
    public void Cosine()
    {
        var schedule = new CosineConfig { WarmUp = 20, Final = 0.1 };
        Assert.Equal(0.05, schedule.At(0, 120), Exact);
        Assert.Equal(1, schedule.At(20, 120), Exact);
        Assert.Equal(0.1 + (0.9 * 0.5 * (1 + Math.Cos(Math.PI / 4))), schedule.At(45, 120), Exact);
        Assert.Equal(0.55, schedule.At(70, 120), Exact);
        Assert.Equal(0.1, schedule.At(120, 120), Exact);
    }

    [Fact]
    public void InverseSqrtIsVaswanisUpToItsPeak()
    {
        const double warm = 40;
        var schedule = new InverseSqrtConfig { WarmUp = warm };
        double Vaswani(long s) => Math.Min(Math.Pow(s, -0.5), s * Math.Pow(warm, -1.5));
        foreach (var s in new long[] { 1, 17, 40, 41, 1000 })
        {
            Assert.Equal(Vaswani(s) / Vaswani((long)warm), schedule.At(s - 1, 1000), Exact);
        }
    }

    [Theory]
    [InlineData(DecayShape.Linear, 0.75)]
    [InlineData(DecayShape.Sqrt, 0.5)]
    [InlineData(DecayShape.Cosine, 0.8535533905932737)]
    public void WarmUpStableDecay(DecayShape shape, double atQuarter)
    {
        var schedule = new WarmUpStableDecayConfig { WarmUp = 10, Decay = 0.2, Shape = shape };
        Assert.Equal(0.3, schedule.At(2, 200), Exact);
        Assert.Equal(1, schedule.At(10, 200), Exact);
        Assert.Equal(1, schedule.At(160, 200), Exact);
        Assert.Equal(atQuarter, schedule.At(170, 200), Exact);
        Assert.Equal(0, schedule.At(200, 200), Exact);
    }

    [Fact]
    public void Infinite()
    {
        var schedule = new InfiniteConfig { WarmUp = 10, CoolDown = 40, Constant = 0.4, Anneal = 50, Final = 0.1 };
        Assert.Equal(0.1, schedule.At(0, 1000), Exact);
        Assert.Equal(1, schedule.At(10, 1000), Exact);
        Assert.Equal(0.7, schedule.At(30, 1000), Exact);
        Assert.Equal(0.4, schedule.At(50, 1000), Exact);
        Assert.Equal(0.4, schedule.At(950, 1000), Exact);
        Assert.Equal(0.2, schedule.At(975, 1000), Exact); // geometric mean of 0.4 and 0.1
        Assert.Equal(0.1, schedule.At(1000, 1000), Exact);
    }

    [Fact]
    public void InfiniteHasOnePastWhateverIsToCome()
    {
        var short_ = new InfiniteConfig { WarmUp = 10, CoolDown = 40 };
        var longer = short_ with { Anneal = 100 };
        Assert.All(Enumerable.Range(0, 200), s => Assert.Equal(short_.At(s, 200), longer.At(s, 300)));
    }

    [Fact]
    public void Rewarmed()
    {
        var schedule = new RewarmedConfig { WarmUp = 10, Start = 0.1, Final = 0.05 };
        Assert.Equal(0.19, schedule.At(0, 110), Exact);
        Assert.Equal(0.55, schedule.At(4, 110), Exact);
        Assert.Equal(1, schedule.At(9, 110), Exact);
        Assert.Equal(0.525, schedule.At(60, 110), Exact);
        Assert.Equal(0.05, schedule.At(110, 110), Exact);
    }

    [Fact]
    public void EveryScheduleStaysWithinZeroAndOne()
    {
        var all = Settings.Kinds(typeof(ScheduleConfig)).Values.Select(t => (ScheduleConfig)Activator.CreateInstance(t)!).ToList();
        Assert.True(all.Count >= 7);
        Gen.Select(Gen.Long[1, 5000], Gen.Double[0, 1]).Sample((total, share) =>
            all.All(s => s.At((long)(share * (total - 1)), total) is >= 0 and <= 1), iter: 500);
    }
}
