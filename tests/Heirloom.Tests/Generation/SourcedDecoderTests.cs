using Heirloom.Generation;
using Heirloom.Layers;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Tests.Generation;

public class SourcedDecoderTests
{
    private static readonly EncoderDecoderConfig s_bart = EncoderDecoderConfig.Bart(32, context: 16, width: 16, layers: 2, heads: 2) with
    {
        Initialization = new NormalInitializationConfig { Std = 0.5 },
    };

    [Fact]
    public void WritesTheLikeliestTargetOfEachSource()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = s_bart.Build(new(1));
        var source = tensor(new[] { 5L, 6, 7, 8, 9, 3 }, [2, 3]);
        var mask = tensor(new[] { true, true, true, true, true, false }, [2, 3]);
        var memory = model.EncodeSource(source, mask);
        var target = full([2, 1], model.DecoderStart, ScalarType.Int64);
        for (var i = 0; i < 6; i++)
        {
            target = cat([target, model.Head(model.Decode(target, memory, mask).narrow(1, i, 1)).argmax(-1)], 1);
        }

        using var decoder = SourcedDecoder.Read(model, source, mask);
        var greedy = new GenerationConfig { MaxTokens = 6, Sampling = new() { Temperature = 0 } };
        var written = new TokenGenerator(decoder).Generate(decoder.Prompts, greedy, new Seed(1));

        for (var row = 0; row < 2; row++)
        {
            Assert.Equal(target[row].narrow(0, 1, 6).data<long>().ToArray().Select(id => (int)id), written[row].Ids);
        }
    }

    [Fact]
    public void BeamsTakeTheirMemoryWithThem()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = s_bart.Build(new(2));
        using var decoder = SourcedDecoder.Read(model, tensor(new[] { 5L, 6, 7 }, [1, 3]));

        var best = new BeamSearch(decoder).Search(decoder.Prompts[0], new() { Beams = 3, MaxTokens = 5, LengthPenalty = 0 });

        Assert.Equal(3, best.Count);
        foreach (var hypothesis in best)
        {
            var ids = tensor(hypothesis.Ids.Select(id => (long)id).Prepend(model.DecoderStart).ToArray()).unsqueeze(0);
            var scores = decoder.Head(decoder.Encode(new Heirloom.Models.TokenInputs(ids.narrow(1, 0, 5)))).log_softmax(-1);
            var sum = scores.gather(2, ids.narrow(1, 1, 5).unsqueeze(2)).sum().item<float>();
            Assert.Equal(hypothesis.LogProbability, sum, 1e-4);
        }
    }
}
