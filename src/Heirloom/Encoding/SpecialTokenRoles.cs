using System.Text.Json.Serialization;

namespace Heirloom.Encoding;

/// <summary>Which token plays which part: the content of <c>special_tokens_map.json</c>.</summary>
public sealed record SpecialTokenRoles
{
    [JsonPropertyName("bos_token")]
    public string? Beginning { get; init; }

    [JsonPropertyName("eos_token")]
    public string? End { get; init; }

    [JsonPropertyName("unk_token")]
    public string? Unknown { get; init; }

    [JsonPropertyName("sep_token")]
    public string? Separator { get; init; }

    [JsonPropertyName("pad_token")]
    public string? Padding { get; init; }

    [JsonPropertyName("cls_token")]
    public string? Classifier { get; init; }

    [JsonPropertyName("mask_token")]
    public string? Mask { get; init; }

    /// <summary>Takes the usual names that a vocabulary has.</summary>
    internal static SpecialTokenRoles Guess(Func<string, bool> has)
    {
        return new()
        {
            Beginning = First("<s>", "<|begin_of_text|>", "<bos>", "<|endoftext|>"),
            End = First("<|endoftext|>", "</s>", "<|end_of_text|>", "<eos>"),
            Unknown = First("[UNK]", "<unk>"),
            Separator = First("[SEP]"),
            Padding = First("[PAD]", "<pad>", "<|padding|>"),
            Classifier = First("[CLS]"),
            Mask = First("[MASK]", "<mask>"),
        };

        string? First(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
            {
                if (has(name))
                {
                    return name;
                }
            }

            return null;
        }
    }

    /// <exception cref="UserError">A role names a token that the vocabulary lacks.</exception>
    internal void Check(Func<string, bool> has)
    {
        foreach (var (role, token) in Pairs())
        {
            if (!has(token))
            {
                throw new UserError($"'{token}' is not in the vocabulary", role, "name a token of the vocabulary");
            }
        }
    }

    /// <summary>The roles that are filled, by the ecosystem's names.</summary>
    public IEnumerable<(string Role, string Token)> Pairs() =>
        new[] { ("bos_token", Beginning), ("eos_token", End), ("unk_token", Unknown), ("sep_token", Separator), ("pad_token", Padding), ("cls_token", Classifier), ("mask_token", Mask) }
            .Where(p => p.Item2 is not null).Select(p => (p.Item1, p.Item2!));
}
