using Heirloom.Bench.Stock;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Bench;

/// <summary>The yardsticks compute what ours compute, so that a ratio compares the same work.</summary>
public sealed class StockTests
{
    private const int Vocabulary = 50, Context = 12, Width = 16, Layers = 2, Heads = 2;

    [Fact]
    public void TheDecoderGivesOurLogits()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var ours = DecoderConfig.Gpt2(Vocabulary, Context, Width, Layers, Heads).Build(new(1));
        using var stock = new StockDecoder(Vocabulary, Context, Width, Layers, Heads);
        var (from, to) = (ours.state_dict(), stock.state_dict());
        Assert.Equal(from.Values.Sum(v => v.numel()), to.Values.Sum(v => v.numel()));
        foreach (var (name, value) in to)
        {
            value.copy_(Ours(name, from));
        }

        var ids = arange(Context).unsqueeze(0) % Vocabulary;
        Assert.True(stock.call(ids).allclose(ours.Head(ours.Encode(new(ids))), rtol: 1e-4, atol: 1e-5));
    }

    private static Tensor Ours(string name, Dictionary<string, Tensor> from)
    {
        var ours = name switch
        {
            "_embedding.weight" => "embedding.weight",
            "_positions.weight" => "positions.weight",
            _ when name.StartsWith("_norm.", StringComparison.Ordinal) => name[1..],
            _ => name.Replace("_blocks.", "layers.", StringComparison.Ordinal)
                .Replace("_norm1", "attention_norm", StringComparison.Ordinal)
                .Replace("_norm2", "feed_forward_norm", StringComparison.Ordinal)
                .Replace("_attention._query", "attention.query", StringComparison.Ordinal)
                .Replace("_attention._output", "attention.output", StringComparison.Ordinal)
                .Replace("_attention._keyValue", "attention.key", StringComparison.Ordinal)
                .Replace("_up", "feed_forward.up", StringComparison.Ordinal)
                .Replace("_down", "feed_forward.down", StringComparison.Ordinal),
        };
        return name.Contains("keyValue", StringComparison.Ordinal) ? cat([from[ours], from[ours.Replace(".key.", ".value.", StringComparison.Ordinal)]]) : from[ours];
    }
}
