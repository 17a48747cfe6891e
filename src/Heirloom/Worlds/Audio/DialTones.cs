using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using static TorchSharp.torch;

namespace Heirloom.Worlds.Audio;

/// <summary>Settings of dialled numbers.</summary>
public sealed record DialTonesConfig
{
    /// <summary>Keys in use, of the sixteen of a telephone.</summary>
    [Range(2, 16)]
    public int Keys { get; init; } = 12;

    /// <summary>Fewest keys of a number.</summary>
    [Range(1, 1000)]
    public int Shortest { get; init; } = 2;

    /// <summary>Most keys of a number.</summary>
    [Range(1, 1000)]
    public int Longest { get; init; } = 4;

    /// <summary>Samples a second; the highest tone has 1633 Hz.</summary>
    [Range(3400, 192_000)]
    public int SampleRate { get; init; } = 4000;

    /// <summary>Seconds of a tone at least; tones are up to half as long again, and pauses between them half as long.</summary>
    [Range(0.005, 10)]
    public double Tone { get; init; } = 0.06;

    /// <summary>Standard deviation of the noise; tones have amplitudes around 1.</summary>
    [Range(0.0, 10.0)]
    public double Noise { get; init; } = 0.1;
}

/// <summary>Numbers dialled on a telephone with what was dialled: each key is a pair of tones (ITU-T Q.23), of random length and loudness, in noise. Transcription without a download.</summary>
public sealed class DialTones : IBatches<LabeledAudioBatch>
{
    private static readonly double[] s_rows = [697, 770, 852, 941], s_columns = [1209, 1336, 1477, 1633];
    private readonly DialTonesConfig _config;
    private readonly int _rows;
    private readonly Seed _seed;

    /// <param name="config">Numbers and their sound.</param>
    /// <param name="rows">Recordings a batch.</param>
    /// <param name="seed">Decides everything.</param>
    /// <param name="steps">Batches in all; null for no end.</param>
    /// <exception cref="UserError">The longest number is shorter than the shortest.</exception>
    public DialTones(DialTonesConfig config, int rows, Seed seed, long? steps = null)
    {
        if (config.Longest < config.Shortest)
        {
            throw new UserError($"the longest number has {config.Longest} keys and the shortest {config.Shortest}", "longest", "at least the shortest");
        }

        (_config, _rows, _seed, StepsPerEpoch) = (config, rows, seed, steps);
    }

    public string Fingerprint => Hashes.OfText($"dial tones {Settings.Hash(_config)} {_rows} {_seed.Value} {StepsPerEpoch}");

    public long? StepsPerEpoch { get; }

    /// <summary>Symbols of a transcript: the keys from 1 on, and 0 for none of them.</summary>
    public static int Symbols(DialTonesConfig config) => config.Keys + 1;

    public LabeledAudioBatch At(long step)
    {
        var rows = Enumerable.Range(0, _rows).Select(row => Dial(_seed.For("row", (step * _rows) + row).Random())).ToList();
        var (samples, keys) = (rows.Max(r => r.Samples.Count), rows.Max(r => r.Keys.Count));
        return new(
            tensor(rows.SelectMany(r => r.Samples.Concat(new float[samples - r.Samples.Count])).ToArray(), [_rows, samples]),
            arange(samples).unsqueeze(0).lt(tensor(rows.ConvertAll(r => (long)r.Samples.Count).ToArray()).unsqueeze(1)),
            tensor(rows.SelectMany(r => r.Keys.Concat(Enumerable.Repeat(TokenBatch.Ignore, keys - r.Keys.Count))).ToArray(), [_rows, keys]));
    }

    private (List<float> Samples, List<long> Keys) Dial(Rng rng)
    {
        var (samples, keys) = (new List<float>(), new List<long>());
        var count = _config.Shortest + rng.Next(_config.Longest - _config.Shortest + 1);
        for (var i = 0; i < count; i++)
        {
            var key = rng.Next(_config.Keys);
            keys.Add(key + 1);
            var (low, high) = (2 * Math.PI * s_rows[key / 4] / _config.SampleRate, 2 * Math.PI * s_columns[key % 4] / _config.SampleRate);
            var (length, loudness) = ((int)(_config.SampleRate * _config.Tone * (1 + (rng.NextDouble() / 2))), 0.7 + (0.6 * rng.NextDouble()));
            for (var n = 0; n < length; n++)
            {
                samples.Add((float)((loudness * (Math.Sin(low * n) + Math.Sin(high * n))) + (_config.Noise * rng.NextGaussian())));
            }

            var pause = (int)(_config.SampleRate * _config.Tone / 2);
            for (var n = 0; n < pause; n++)
            {
                samples.Add((float)(_config.Noise * rng.NextGaussian()));
            }
        }

        return (samples, keys);
    }
}
