using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Reuse.Vocabularies;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

public sealed class VocabularyRowsTests
{
    public static TheoryData<ModelConfig> Models => [DecoderConfig.Llama(20, 16, 16, 1, 2), DecoderConfig.Llama(20, 16, 16, 1, 2, tied: false), EncoderConfig.Example, EncoderDecoderConfig.Example];

    [Theory]
    [MemberData(nameof(Models))]
    public void OldRowsStayAndNewOnesAreMeansOfTheirPieces(ModelConfig config)
    {
        var model = config.Build(new Seed(1));
        using var old = model.Module;
        var size = VocabularyRows.SizeOf(config)!.Value;
        var grown = VocabularyRows.Grow(model, [(size, [1, 2]), (size + 1, [3])], new Seed(2));
        using var module = grown.Module;

        Assert.Equal(size + 2, VocabularyRows.SizeOf(grown.Config));
        var (before, after) = (old.state_dict(), module.state_dict());
        Assert.Equal(before.Keys, after.Keys);
        var changed = 0;
        foreach (var (name, tensor) in before)
        {
            using var scope = NewDisposeScope();
            if (tensor.shape.SequenceEqual(after[name].shape))
            {
                Assert.True(tensor.equal(after[name]).all().item<bool>(), name);
                continue;
            }

            changed++;
            Assert.True(tensor.equal(after[name].narrow(0, 0, size)).all().item<bool>(), name);
            Assert.True(after[name].select(0, size).allclose((tensor.select(0, 1) + tensor.select(0, 2)) / 2, 1e-5, 1e-6), name);
            Assert.True(after[name].select(0, size + 1).equal(tensor.select(0, 3)).all().item<bool>(), name);
        }

        Assert.True(changed >= 1);
    }

    [Fact]
    public void LogitsOfOldTokensStay()
    {
        using var model = DecoderConfig.Llama(20, 16, 16, 1, 2).Build(new Seed(1));
        using var grown = (Decoder)VocabularyRows.Grow(model, [(20, [1, 2])], new Seed(2));
        using var scope = NewDisposeScope();
        var inputs = new TokenInputs(tensor(new long[] { 3, 4, 5 }).unsqueeze(0));
        Assert.True(model.Head(model.Encode(inputs)).allclose(grown.Head(grown.Encode(inputs)).narrow(-1, 0, 20), 1e-6, 1e-7));
    }

    [Fact]
    public void GaussianRowsFollowTheOldOnes()
    {
        using var model = DecoderConfig.Llama(400, 16, 16, 1, 2).Build(new Seed(1));
        using var grown = (Decoder)VocabularyRows.Grow(model, Enumerable.Range(400, 400).Select(i => (i, (IReadOnlyList<int>)[1])), new Seed(2), NewRows.Gaussian);
        using var scope = NewDisposeScope();
        var rows = grown.state_dict()["embedding.weight"];
        Assert.Equal(rows.narrow(0, 0, 400).std().item<float>(), rows.narrow(0, 400, 400).std().item<float>(), 2e-3);
        using var again = (Decoder)VocabularyRows.Grow(model, Enumerable.Range(400, 400).Select(i => (i, (IReadOnlyList<int>)[1])), new Seed(2), NewRows.Gaussian);
        Assert.True(rows.equal(again.state_dict()["embedding.weight"]).all().item<bool>());
    }

    [Fact]
    public void RowsOfEqualSizeAreExchangedToo()
    {
        using var model = DecoderConfig.Llama(20, 16, 16, 1, 2).Build(new Seed(1));
        using var turned = (Decoder)VocabularyRows.Exchange(model, [.. Enumerable.Range(0, 20).Select(i => (IReadOnlyList<(int, double)>)[(19 - i, 1.0)])], new Seed(2));
        using var scope = NewDisposeScope();
        Assert.True(turned.state_dict()["embedding.weight"].equal(model.state_dict()["embedding.weight"].flip(0)).all().item<bool>());
    }
}
