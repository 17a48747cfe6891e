using Heirloom.Layers;

namespace Heirloom.Generation.Cpu;

/// <summary>Cosines and sines of the tokens of one forward.</summary>
internal sealed unsafe class Rotations : IDisposable
{
    private readonly RotaryPositionsConfig _config;
    private readonly FloatBuffer _cos, _sin;
    private readonly float _magnitude;
    private readonly int _width;
    private readonly float[] _frequencies;

    /// <param name="config">Their settings.</param>
    /// <param name="headWidth">Coordinates of a head.</param>
    /// <param name="tokens">Of a forward at most.</param>
    public Rotations(RotaryPositionsConfig config, int headWidth, int tokens)
    {
        _config = config;
        _width = (int)(headWidth * config.Fraction);
        _magnitude = (float)(config.Scaling?.Magnitude ?? 1);
        _frequencies = Frequencies(0);
        _cos = new((long)tokens * Half);
        _sin = new((long)tokens * Half);
    }

    /// <summary>Pairs that turn.</summary>
    public int Half => _width / 2;

    public float* Cos(int token) => _cos.Data + ((long)token * Half);

    public float* Sin(int token) => _sin.Data + ((long)token * Half);

    /// <summary>Computes those of a run's tokens.</summary>
    public void Fill(TokenRun run)
    {
        var frequencies = _config.Scaling is { DependsOnLength: true } ? Frequencies(run.ReadLength) : _frequencies;
        for (var t = 0; t < run.Count; t++)
        {
            var cos = Cos(run.Offset + t);
            var sin = Sin(run.Offset + t);
            for (var i = 0; i < Half; i++)
            {
                // in float32, as the layer does
                (sin[i], cos[i]) = MathF.SinCos((run.Start + t) * frequencies[i]);
                (sin[i], cos[i]) = (sin[i] * _magnitude, cos[i] * _magnitude);
            }
        }
    }

    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }

    private float[] Frequencies(long length) =>
        [.. (_config.Scaling?.Frequencies(_width, _config.Base, length) ?? RotaryScalingConfig.Plain(_width, _config.Base)).Select(f => (float)f)];
}
