namespace Heirloom.Training.Optimizers;

/// <summary>
/// 256 numbers of [−1, 1] or [0, 1], dense near zero: the dynamic data type of Dettmers et al. 2022, "8-bit optimizers via block-wise quantization", §1.3 and
/// app. E, in which a leading run of zeros is a decimal exponent and the bits behind it a linear fraction.
/// </summary>
internal sealed class DynamicMap
{
    private const int Exponents = 7, Codes = 256;
    private readonly float[] _values;
    private readonly float[] _middles = new float[Codes];
    private readonly byte[] _near = new byte[1 << 16];

    private DynamicMap(bool signed)
    {
        var values = new List<double> { 0, 1 };
        for (var exponent = 0; exponent < Exponents; exponent++)
        {
            var (items, scale) = (1 << (signed ? exponent : exponent + 1), Math.Pow(10, exponent - Exponents + 1));
            for (var i = 0; i < items; i++)
            {
                var middle = 0.1 + (0.9 * (i + 0.5) / items);
                values.Add(scale * middle);
                if (signed)
                {
                    values.Add(-scale * middle);
                }
            }
        }

        _values = [.. values.Order().Select(v => (float)v)];
        for (var i = 0; i < Codes - 1; i++)
        {
            _middles[i] = (_values[i] + _values[i + 1]) / 2;
        }

        _middles[^1] = float.PositiveInfinity;
        for (var head = 0; head < _near.Length; head++)
        {
            var value = BitConverter.UInt32BitsToSingle((uint)head << 16);
            var at = float.IsNaN(value) ? 0 : Array.BinarySearch(_middles, value);
            _near[head] = (byte)Math.Min(Codes - 1, at < 0 ? ~at : at);
        }

        Zero = (byte)Array.IndexOf(_values, 0f);
    }

    /// <summary>For means of gradients.</summary>
    public static DynamicMap Signed { get; } = new(signed: true);

    /// <summary>For means of their squares.</summary>
    public static DynamicMap Unsigned { get; } = new(signed: false);

    /// <summary>In rising order.</summary>
    public ReadOnlySpan<float> Values => _values;

    /// <summary>The code of 0.</summary>
    public byte Zero { get; }

    /// <summary>The code of the number nearest to one of the map's range.</summary>
    public byte CodeOf(float value)
    {
        // the upper half of the bits leads to within a step or two
        int code = _near[BitConverter.SingleToUInt32Bits(value) >> 16];
        while (value > _middles[code])
        {
            code++;
        }

        while (code > 0 && value <= _middles[code - 1])
        {
            code--;
        }

        return (byte)code;
    }
}
