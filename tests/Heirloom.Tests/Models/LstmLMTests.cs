using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Models;

public class LstmLMTests
{
    private static readonly LstmLM s_model = new LstmLMConfig { VocabularySize = 32, ContextLength = 16, Width = 16, Layers = 2 }.Build(new(1));

    private static Tensor Ids(params long[] ids) => tensor(ids).unsqueeze(0);

    private static double Difference(Tensor a, Tensor b) => (a - b).abs().max().to(ScalarType.Float64).item<double>();

    [Fact]
    public void NoTokenSeesLaterOnes()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();

        var (a, b) = (s_model.Encode(new(Ids(4, 5, 6, 7))), s_model.Encode(new(Ids(4, 5, 9, 7))));

        Assert.Equal(0, Difference(a.narrow(1, 0, 2), b.narrow(1, 0, 2)));
        Assert.True(Difference(a.narrow(1, 3, 1), b.narrow(1, 3, 1)) > 1e-4);
    }

    [Fact]
    public void PackedDocumentsAreAsSeparateOnes()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var ids = tensor(new[] { 4L, 5, 6, 7, 8, 9, 10, 11, 12, 13 }, [2, 5]);
        var segments = tensor(new[] { 0L, 0, 0, 1, 1, 1, 2, 2, 2, 2 }, [2, 5]); // the first row's last document and the second row's first share a number

        var packed = s_model.Encode(new(ids) { Segments = segments });

        foreach (var (row, start, length) in new[] { (0, 0, 3), (0, 3, 2), (1, 0, 1), (1, 1, 4) })
        {
            Assert.InRange(Difference(s_model.Encode(new(ids[row].narrow(0, start, length).unsqueeze(0)))[0], packed[row].narrow(0, start, length)), 0, 1e-6);
        }
    }

    [Fact]
    public void ForgetGatesStartOpen()
    {
        using var scope = NewDisposeScope();
        var bias = s_model.named_parameters().Single(p => p.name == "layers.bias_ih_l1").parameter;

        Assert.Equal([.. Enumerable.Repeat(0f, 16), .. Enumerable.Repeat(1f, 16), .. Enumerable.Repeat(0f, 32)], bias.data<float>().ToArray());
    }
}
