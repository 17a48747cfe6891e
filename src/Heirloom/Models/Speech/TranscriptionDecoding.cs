using static TorchSharp.torch;

namespace Heirloom.Models.Speech;

/// <summary>From a symbol or the blank at each frame to a transcript.</summary>
public static class TranscriptionDecoding
{
    /// <summary>The likeliest symbol of each frame, repeats merged, blanks left out (Graves et al. 2006, §3.2: best path decoding).</summary>
    /// <param name="model">In evaluation mode.</param>
    /// <param name="inputs">Recordings.</param>
    /// <returns>Symbols of each recording.</returns>
    public static IReadOnlyList<int[]> Greedy(this ITranscriber model, AudioInputs inputs)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var logits = model.Transcribe(inputs);
        var lengths = inputs.Mask is null ? null : AudioFrames.Lengths(inputs.Mask, model.Encoder.OutputFrames);
        return Greedy(logits, model.Blank, lengths);
    }

    /// <param name="logits"><c>[B, T, V]</c></param>
    /// <param name="blank">The symbol that stands for none.</param>
    /// <param name="lengths"><c>[B]</c> int64: frames of each recording; null for all.</param>
    public static IReadOnlyList<int[]> Greedy(Tensor logits, int blank, Tensor? lengths = null)
    {
        using var scope = NewDisposeScope();
        var best = logits.argmax(-1).cpu();
        var frames = best.shape[1];
        var symbols = best.contiguous().data<long>().ToArray();
        var counts = lengths?.cpu().data<long>().ToArray();
        return [.. Enumerable.Range(0, (int)best.shape[0]).Select(row => Collapse(symbols.AsSpan((int)(row * frames), (int)(counts?[row] ?? frames)), blank))];
    }

    private static int[] Collapse(ReadOnlySpan<long> path, int blank)
    {
        var transcript = new List<int>();
        var last = (long)blank;
        foreach (var symbol in path)
        {
            if (symbol != last && symbol != blank)
            {
                transcript.Add((int)symbol);
            }

            last = symbol;
        }

        return [.. transcript];
    }
}
