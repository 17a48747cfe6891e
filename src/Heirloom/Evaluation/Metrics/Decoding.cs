using Heirloom.Models;
using Heirloom.Models.Text;
using static TorchSharp.torch;

namespace Heirloom.Evaluation.Metrics;

/// <summary>What generating with a causal model costs.</summary>
public static class Decoding
{
    /// <summary>Bytes that a decoder's key–value cache grows by with each token: two vectors for each layer and key–value head.</summary>
    /// <param name="config">The decoder's.</param>
    /// <param name="bytes">Of a number.</param>
    public static long CacheBytesPerToken(DecoderConfig config, int bytes = sizeof(float)) =>
        2L * config.Layers * config.Block.Attention.KeyHeads() * config.Block.Attention.HeadWidthOf(config.Block.Width) * bytes;

    /// <summary>Tokens a second, all rows together, after a prompt: the fastest of several runs, which other work on the machine disturbs least.</summary>
    /// <param name="model">Put into evaluation mode.</param>
    /// <param name="rows">Sequences decoded in parallel.</param>
    /// <param name="prompt">Tokens that the cache holds before the clock starts.</param>
    /// <param name="tokens">Decoded one by one.</param>
    /// <param name="work">Where to compute; its clock is read.</param>
    /// <param name="runs">How often.</param>
    public static double TokensPerSecond(ICausalLM model, int rows, int prompt, int tokens, WorkContext work, int runs = 3)
    {
        using var quiet = no_grad();
        model.Module.eval();
        var fastest = double.PositiveInfinity;
        for (var run = 0; run < runs && !work.Stop.IsCancellationRequested; run++)
        {
            using var scope = NewDisposeScope();
            using var cache = model.NewCache(rows, prompt + tokens);
            var ids_BT = arange(prompt, device: work.Device).remainder(model.VocabularySize).expand(rows, -1);
            _ = model.Encode(ids_BT, cache).to(float32).sum().item<float>(); // an accelerator has only begun the prompt until something is read
            var next_B1 = ids_BT.narrow(1, 0, 1);
            var start = work.Clock.GetTimestamp();
            for (var step = 0; step < tokens; step++)
            {
                using var inner = NewDisposeScope();
                next_B1 = model.Head(model.Encode(next_B1, cache)).argmax(-1).MoveToOuterDisposeScope();
            }

            _ = next_B1.sum().item<long>();
            fastest = Math.Min(fastest, work.Clock.GetElapsedTime(start).TotalSeconds);
        }

        work.Stop.ThrowIfCancellationRequested();
        return rows * tokens / fastest;
    }
}
