using Heirloom.Encoding;
using Heirloom.Encoding.Stages;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation.Text;

/// <summary>A text or a pair of texts as an encoder reads it.</summary>
/// <param name="Ids">Special tokens included.</param>
/// <param name="Types">Which of the two texts each token belongs to.</param>
public sealed record EncodedInput(int[] Ids, int[] Types);

/// <summary>Makes an encoder's inputs of texts: special tokens around them, as many as fit, padded to a batch.</summary>
public sealed class InputEncoder
{
    private readonly Tokenizer _tokenizer;
    private readonly int _context;
    private readonly Lazy<Tokenizer>? _cutting;

    /// <param name="tokenizer">The model's; what its file says of truncation and padding does not count.</param>
    /// <param name="context">Most tokens.</param>
    /// <param name="truncate">Whether longer texts are cut, of a pair the longer one, and not refused.</param>
    public InputEncoder(Tokenizer tokenizer, int context, bool truncate = false)
    {
        (_tokenizer, _context) = (tokenizer.Unlimited(), context);
        _cutting = truncate ? new(() => new(_tokenizer.Definition with { Truncation = new() { MaxLength = context } }, tokenizer.Roles) { RecognizesSpecialTokens = tokenizer.RecognizesSpecialTokens }) : null;
    }

    /// <exception cref="UserError">It does not fit, or has no tokens.</exception>
    public EncodedInput Encode(string text, string? pair = null, string? where = null) => Of(Tokenize(text, pair, where));

    /// <summary>What <see cref="Encode"/> takes ids from, with the places of the tokens.</summary>
    /// <inheritdoc cref="Encode"/>
    internal TokenizedText Tokenize(string text, string? pair, string? where)
    {
        var encoded = _tokenizer.Tokenize(text, pair);
        if (encoded.Count > _context)
        {
            encoded = _cutting?.Value.Tokenize(text, pair) ?? throw new UserError($"its {encoded.Count} tokens do not fit the model's context of {_context}", where, "shorten it, or let it be cut");
        }

        return encoded.Count > 0 ? encoded : throw new UserError("it has no tokens", where, "give it some text");
    }

    internal static EncodedInput Of(TokenizedText tokens) => new([.. tokens.Ids], [.. tokens.TypeIds]);

    /// <summary>Rows of one batch, padded at their ends.</summary>
    /// <param name="inputs">At least one.</param>
    /// <param name="types">Whether the model reads token types.</param>
    /// <param name="device">Where.</param>
    public TokenInputs Batch(IReadOnlyList<EncodedInput> inputs, bool types, Device device)
    {
        var length = inputs.Max(i => i.Ids.Length);
        var padding = _tokenizer.Padding ?? _tokenizer.EndOfText ?? 0;
        return new(Rows(i => i.Ids, padding))
        {
            Mask = inputs.All(i => i.Ids.Length == length) ? null : tensor(inputs.SelectMany(i => Enumerable.Range(0, length).Select(at => at < i.Ids.Length)).ToArray(), device: device).view(inputs.Count, length),
            TokenTypes = types ? Rows(i => i.Types, 0) : null,
        };

        Tensor Rows(Func<EncodedInput, int[]> values, int fill) => tensor(
            inputs.SelectMany(i => values(i).Select(v => (long)v).Concat(Enumerable.Repeat((long)fill, length - i.Ids.Length))).ToArray(), device: device).view(inputs.Count, length);
    }
}
