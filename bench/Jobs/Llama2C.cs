using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Bench.Jobs;

/// <summary>The peer llama2.c: its weight file (seven integers, then float32 weights by kind and layer) and its program.</summary>
internal static partial class Llama2C
{
    public static void Write(Decoder model, string path)
    {
        using var scope = NewDisposeScope();
        var config = (DecoderConfig)model.Config;
        var (width, heads, layers, state) = (config.Block.Width, config.Block.Attention.Heads, config.Layers, model.state_dict());
        var headWidth = width / heads;
        using var file = File.Create(path);
        foreach (var number in new[] { width, config.Block.FeedForward.Width, layers, heads, heads, config.TieEmbeddings ? config.VocabularySize : -config.VocabularySize, config.ContextLength })
        {
            file.Write(BitConverter.GetBytes(number));
        }

        Put(state["embedding.weight"]);
        Each("attention_norm.weight");
        Each("attention.query.weight", Interleaved);
        Each("attention.key.weight", Interleaved);
        Each("attention.value.weight");
        Each("attention.output.weight");
        Each("feed_forward_norm.weight");
        Each("feed_forward.gate.weight");
        Each("feed_forward.down.weight");
        Each("feed_forward.up.weight");
        Put(state["norm.weight"]);
        Put(zeros(config.ContextLength * headWidth)); // frequencies, which it computes itself
        if (!config.TieEmbeddings)
        {
            Put(state["head.weight"]);
        }

        // every token is written as one letter, so that its text costs nothing
        using var tokens = File.Create(path + ".tokens");
        tokens.Write(BitConverter.GetBytes(1));
        for (var i = 0; i < config.VocabularySize; i++)
        {
            tokens.Write([.. BitConverter.GetBytes(0f), .. BitConverter.GetBytes(1), (byte)'a']);
        }

        void Each(string name, Func<Tensor, Tensor>? change = null)
        {
            for (var i = 0; i < layers; i++)
            {
                var weight = state[$"layers.{i}.{name}"];
                Put(change is null ? weight : change(weight));
            }
        }

        void Put(Tensor weight) => file.Write(MemoryMarshal.AsBytes<float>(weight.detach().to(ScalarType.Float32).contiguous().data<float>().ToArray()));

        // it rotates neighbors, we rotate halves
        Tensor Interleaved(Tensor weight) => weight.view(heads, 2, headWidth / 2, width).transpose(1, 2).reshape(width, width);
    }

    /// <summary>Tokens a second as the program says.</summary>
    public static double Run(string program, string weights, int tokens, int threads)
    {
        var start = new ProcessStartInfo(program, [weights, "-t", "0", "-n", $"{tokens}", "-z", weights + ".tokens", "-i", ""]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["OMP_NUM_THREADS"] = $"{threads}";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return Speed().Match(error.Result) is { Success: true } found
            ? double.Parse(found.Groups[1].Value, CultureInfo.InvariantCulture)
            : throw new UserError($"said no speed: {error.Result.Trim()}", program);
    }

    [GeneratedRegex(@"achieved tok/s: ([0-9.]+)")]
    private static partial Regex Speed();
}
