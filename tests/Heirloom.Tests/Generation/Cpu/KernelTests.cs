using System.Runtime.Intrinsics;
using CsCheck;
using Heirloom.Generation.Cpu;
using Heirloom.Layers;
using static TorchSharp.torch;

namespace Heirloom.Tests.Generation.Cpu;

public unsafe class KernelTests
{
    public static TheoryData<Activation> Activations => [.. Enum.GetValues<Activation>()];

    [Fact]
    public void ProductsAreThoseOfTheDefinitionForAnyShape() => Gen.Select(Gen.Int[1, 21], Gen.Int[1, 70], Gen.Int[1, 9], Gen.Bool).Sample(
        (outputs, inputs, columns, biased) =>
        {
            var random = new Seed(1).For("product", (outputs * 1000) + inputs).Random();
            float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)random.NextGaussian())];
            var (w, x, b) = (Numbers(outputs * inputs), Numbers(columns * inputs), Numbers(outputs));
            var rounded = w.Select(BFloat16.Round).ToArray();
            var narrow = rounded.Select(v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16)).ToArray();
            fixed (float* of = w, at = x, bias = b)
            {
                fixed (ushort* half = narrow)
                {
                    Check(new() { Data = of, IsBFloat16 = false, Outputs = outputs, Inputs = inputs, Bias = biased ? bias : null }, w);
                    Check(new() { Data = half, IsBFloat16 = true, Outputs = outputs, Inputs = inputs, Bias = biased ? bias : null }, rounded);
                }

                void Check(WeightMatrix matrix, float[] weights)
                {
                    var y = new float[columns * outputs];
                    fixed (float* to = y, vectors = x)
                    {
                        MatrixKernel<Simd512, Vector512<float>>.Multiply(matrix, 0, outputs, vectors, inputs, columns, to, outputs);
                    }

                    for (var i = 0; i < y.Length; i++)
                    {
                        var (c, r) = (i / outputs, i % outputs);
                        var expected = Enumerable.Range(0, inputs).Sum(k => (double)weights[(r * inputs) + k] * x[(c * inputs) + k]) + (biased ? b[r] : 0);
                        Assert.Equal(expected, y[i], 1e-4);
                    }
                }
            }
        },
        iter: 200);

    [Theory, MemberData(nameof(Activations))]
    public void ActivationsAreThoseOfTheTensorLibrary(Activation activation)
    {
        using var scope = NewDisposeScope();
        var x = linspace(-30, 30, 4001, ScalarType.Float32);
        var expected = activation.Apply(x).data<float>().ToArray();
        var got = x.data<float>().ToArray();
        fixed (float* at = got)
        {
            ActivationKernel<Simd256, Vector256<float>>.Apply(activation, at, null, got.Length);
        }

        for (var i = 0; i < got.Length; i++)
        {
            Assert.Equal(expected[i], got[i], 1e-6 * Math.Max(1, Math.Abs(expected[i])));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void NobodyOfATeamGoesOnBeforeAllHaveCome(int size)
    {
        using var team = new WorkerTeam(size);
        var counts = new int[size];
        var seen = 0;
        void Work(int part)
        {
            for (var round = 1; round <= 50; round++)
            {
                counts[part]++;
                team.Meet();
                foreach (var count in counts)
                {
                    Interlocked.Add(ref seen, count == round ? 1 : 1000);
                }

                team.Meet();
            }
        }

        team.Run(Work);
        Assert.Equal(50 * size * size, seen);
        Thread.Sleep(20); // they sleep by now
        (seen, counts) = (0, new int[size]);
        team.Run(Work);
        Assert.Equal(50 * size * size, seen);
    }
}
