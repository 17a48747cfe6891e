using Heirloom.Encoding.Decoders;
using Heirloom.Encoding.PostProcessors;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding;

/// <summary>A byte-level BPE tokenizer in the manner of GPT-2 (Radford et al. 2019): every text has an encoding and comes back as it was.</summary>
public sealed class ByteLevelBpe(TokenizerDefinition definition, SpecialTokenRoles? roles = null) : Tokenizer(definition, roles)
{
    /// <summary>Puts the usual stages around a vocabulary.</summary>
    /// <param name="vocabulary">Ids without holes, special tokens included.</param>
    /// <param name="merges">By rank.</param>
    /// <param name="special">The special tokens, which the vocabulary holds.</param>
    /// <param name="postProcessor">What to add around a text; nothing when null.</param>
    /// <param name="addPrefixSpace">See <see cref="ByteLevelPreTokenizer.AddPrefixSpace"/>.</param>
    /// <param name="roles">Which token plays which part; guessed when null.</param>
    public static ByteLevelBpe Create(
        IReadOnlyDictionary<string, int> vocabulary,
        IReadOnlyList<BpeMerge> merges,
        IEnumerable<string> special,
        IPostProcessor? postProcessor = null,
        bool addPrefixSpace = false,
        SpecialTokenRoles? roles = null) => new(
            new()
            {
                AddedTokens = [.. special.Select(t => new AddedToken { Id = vocabulary[t], Content = t, Special = true })],
                PreTokenizer = new ByteLevelPreTokenizer { AddPrefixSpace = addPrefixSpace },
                Model = new BpeModel { Vocab = vocabulary, Merges = merges },
                PostProcessor = postProcessor ?? new ByteLevelPostProcessor { TrimOffsets = false },
                Decoder = new ByteLevelDecoder(),
            },
            roles);
}
