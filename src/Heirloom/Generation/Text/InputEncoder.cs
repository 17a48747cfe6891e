using Heirloom.Encoding;
using Heirloom.Encoding.PostProcessors;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation.Text;

/// <summary>A text or a pair of texts as an encoder reads it.</summary>
/// <param name="Ids">Special tokens included.</param>
/// <param name="Types">Which of the two texts each token belongs to.</param>
public sealed record EncodedInput(int[] Ids, int[] Types);

/// <summary>Makes an encoder's inputs of texts: special tokens around them, as many as fit, padded to a batch.</summary>
/// <param name="tokenizer">The model's.</param>
/// <param name="context">Most tokens.</param>
/// <param name="truncate">Whether longer texts are cut and not refused.</param>
public sealed class InputEncoder(Tokenizer tokenizer, int context, bool truncate = false)
{
    /// <exception cref="UserError">It does not fit, or has no tokens.</exception>
    public EncodedInput Encode(string text, string? pair = null, string? where = null)
    {
        var (first, second) = (tokenizer.Encode(text), pair is null ? null : tokenizer.Encode(pair));
        var added = Wrap([], second is null ? null : []).Ids.Length;
        var length = first.Length + (second?.Length ?? 0) + added;
        if (length > context)
        {
            if (!truncate || added >= context)
            {
                throw new UserError($"its {length} tokens do not fit the model's context of {context}", where, "shorten it, or let it be cut");
            }

            // the longer of the two gives way
            var room = context - added;
            var keep = second is null ? room : Math.Clamp(room - second.Length, Math.Min(first.Length, room / 2), first.Length);
            first = first[..Math.Min(first.Length, keep)];
            second = second?[..Math.Min(second.Length, room - first.Length)];
        }

        return Wrap(first, second) is { Ids.Length: > 0 } input ? input : throw new UserError("it has no tokens", where, "give it some text");
    }

    /// <summary>Rows of one batch, padded at their ends.</summary>
    /// <param name="inputs">At least one.</param>
    /// <param name="types">Whether the model reads token types.</param>
    /// <param name="device">Where.</param>
    public TokenInputs Batch(IReadOnlyList<EncodedInput> inputs, bool types, Device device)
    {
        var length = inputs.Max(i => i.Ids.Length);
        var padding = tokenizer.Padding ?? tokenizer.EndOfText ?? 0;
        return new(Rows(i => i.Ids, padding))
        {
            Mask = inputs.All(i => i.Ids.Length == length) ? null : tensor(inputs.SelectMany(i => Enumerable.Range(0, length).Select(at => at < i.Ids.Length)).ToArray(), device: device).view(inputs.Count, length),
            TokenTypes = types ? Rows(i => i.Types, 0) : null,
        };

        Tensor Rows(Func<EncodedInput, int[]> values, int fill) => tensor(
            inputs.SelectMany(i => values(i).Select(v => (long)v).Concat(Enumerable.Repeat((long)fill, length - i.Ids.Length))).ToArray(), device: device).view(inputs.Count, length);
    }

    private EncodedInput Wrap(int[] first, int[]? second)
    {
        if (tokenizer.Definition.PostProcessor is not TemplateProcessing template)
        {
            // such as ByteLevel, which adds nothing
            int[] both = [.. first, .. second ?? []];
            return new(both, [.. both.Select((_, i) => i < first.Length ? 0 : 1)]);
        }

        var (ids, types) = (new List<int>(), new List<int>());
        foreach (var piece in second is null ? template.Single : template.Pair)
        {
            var part = piece.SpecialToken is { } special ? template.SpecialTokens[special.Id].Ids : piece.Sequence!.Id == "A" ? first : second ?? [];
            ids.AddRange(part);
            types.AddRange(Enumerable.Repeat((piece.SpecialToken ?? piece.Sequence)!.TypeId, part.Count));
        }

        return new([.. ids], [.. types]);
    }
}
