using Heirloom.Data;
using Heirloom.Worlds.Audio;
using static TorchSharp.torch;

namespace Heirloom.Tests.Worlds;

public class DialTonesTests
{
    [Fact]
    public void ABatchIsOfItsStepAlone()
    {
        using var scope = NewDisposeScope();
        var tones = new DialTones(new(), 4, new(3));
        var (first, again, other) = (tones.At(5), new DialTones(new(), 4, new(3)).At(5), tones.At(6));
        Assert.Equal(first.Samples.bytes.ToArray(), again.Samples.bytes.ToArray());
        Assert.NotEqual(first.Labels.bytes.ToArray(), other.Labels.bytes.ToArray());
        Assert.All(first.Labels.data<long>().ToArray(), label => Assert.True(label is TokenBatch.Ignore or (>= 1 and <= 12)));
        Assert.Equal(first.Mask!.sum(1).max().item<long>(), first.Samples.shape[1]);
    }

    /// <summary>The energy of a key's two tones stands out of what all sixteen pairs have.</summary>
    [Fact]
    public void AKeySoundsAsTelephonesDo()
    {
        using var scope = NewDisposeScope();
        var config = new DialTonesConfig { Keys = 16, Shortest = 1, Longest = 1, Noise = 0, Tone = 0.1 };
        var batch = new DialTones(config, 20, new(1)).At(0);
        double[] low = [697, 770, 852, 941], high = [1209, 1336, 1477, 1633];
        for (var row = 0; row < 20; row++)
        {
            var samples = batch.Samples[row].narrow(0, 0, 400);
            double Energy(double frequency)
            {
                var angle = arange(400).to(ScalarType.Float32) * (2 * Math.PI * frequency / config.SampleRate);
                return Math.Pow((samples * angle.cos()).sum().item<float>(), 2) + Math.Pow((samples * angle.sin()).sum().item<float>(), 2);
            }

            var key = (4 * Array.IndexOf(low, low.MaxBy(Energy))) + Array.IndexOf(high, high.MaxBy(Energy));
            Assert.Equal(batch.Labels[row, 0].item<long>() - 1, key);
        }
    }

    [Fact]
    public void LongestIsNotShorterThanShortest() => Assert.Throws<UserError>(() => new DialTones(new() { Shortest = 3, Longest = 2 }, 1, new(1)));
}
