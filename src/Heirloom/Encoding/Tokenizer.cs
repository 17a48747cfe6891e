using System.Security.Cryptography;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding;

/// <summary>
/// A pipeline of stages made ready to run: added tokens are cut out, the rest is normalized, split and given to the model piece by piece.
/// Ids, offsets and decoded text agree exactly with the ecosystem's Rust library. Safe to use from many threads at once.
/// </summary>
public partial class Tokenizer : ITokenizer
{
    private readonly IPieceEncoder _model;
    private readonly AddedTokens _raw, _normalized;
    private readonly Dictionary<string, int> _ids;
    private readonly string?[] _tokens;
    private readonly bool[] _special;
    private readonly Dictionary<int, string> _names;
    private readonly Lazy<string> _fingerprint;
    private readonly Lazy<bool[]> _wordStarts;
    private readonly Lazy<string?[]> _modelTokens;
    private readonly bool _spells, _needsPlaces, _limited;

    /// <param name="definition">The stages and the vocabulary.</param>
    /// <param name="roles">Which token plays which part; guessed from the usual names when null.</param>
    /// <exception cref="UserError">The definition contradicts itself.</exception>
    public Tokenizer(TokenizerDefinition definition, SpecialTokenRoles? roles = null)
    {
        definition.Check();
        Definition = definition;
        var bytes = definition.PreTokenizer?.YieldsBytes() ?? false;
        _spells = bytes && !definition.Model.ReadsBytes;
        _needsPlaces = definition.Normalizer?.NeedsPlaces == true || (definition.Normalizer is not null && definition.PreTokenizer?.NeedsPlaces == true);
        _limited = definition.Truncation is not null || definition.Padding is not null;
        _model = definition.Model.Compile(bytes && definition.Model.ReadsBytes);
        _ids = new(definition.Model.Vocab);
        var size = definition.VocabularySize();
        _tokens = size is >= 0 and < 1 << 28 ? new string?[size] : throw new UserError("a token's id is too great", "tokenizer", "number tokens from 0 on");
        FillFromModel(_tokens);
        _modelTokens = new(() =>
        {
            var tokens = new string?[_tokens.Length];
            FillFromModel(tokens);
            return tokens;
        });

        foreach (var added in definition.AddedTokens)
        {
            _ids[added.Content] = added.Id;
            _tokens[added.Id] = added.Content;
        }

        _raw = new(definition.AddedTokens.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        var normalized = definition.AddedTokens.Where(t => t.Normalized).Select(t => (Content: definition.Normalizer?.Normalize(t.Content) ?? t.Content, Token: t)).ToList();
        _normalized = new(normalized);
        normalized.ForEach(t => _tokens[t.Token.Id] = t.Content); // what was matched is what comes back
        _names = normalized.ToDictionary(t => t.Token.Id, t => t.Token.Content);
        var special = definition.AddedTokens.Where(t => t.Special).Select(t => t.Content).ToHashSet();
        _special = [.. _tokens.Select(t => t is not null && special.Contains(t))];
        Roles = roles ?? SpecialTokenRoles.Guess(_ids.ContainsKey);
        Roles.Check(_ids.ContainsKey);
        _fingerprint = new(() => Convert.ToHexStringLower(SHA256.HashData(TokenizerFile.Serialize(Definition))));
        _wordStarts = new(() => [.. _tokens.Select((token, id) => _special[id] || (token is not null && Definition.Model.StartsWord(token)))]);
    }

    public TokenizerDefinition Definition { get; }

    public SpecialTokenRoles Roles { get; }

    /// <summary>Whether <c>&lt;|endoftext|&gt;</c> written in a text is the special token (as in other tools) or plain characters (safer for text from strangers).</summary>
    public bool RecognizesSpecialTokens { get; init; } = true;

    /// <summary>What a model with dropout draws from, beside the text itself: the same seed and text give the same ids.</summary>
    public Seed DropoutSeed { get; init; }

    public int VocabularySize => _tokens.Length;

    public string Fingerprint => _fingerprint.Value;

    public int? EndOfText => IdOf(Roles.End ?? Roles.Separator);

    public int? Padding => IdOf(Roles.Padding);

    /// <summary>The token that stands for a hidden one in masked language modelling.</summary>
    public int? Mask => IdOf(Roles.Mask);

    /// <summary>For each id, whether a word begins with it; special tokens count as words of their own.</summary>
    public IReadOnlyList<bool> WordStarts => _wordStarts.Value;

    public int? IdOf(string? token) => token is not null && _ids.TryGetValue(token, out var id) ? id : null;

    public string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <summary>An id's name in the vocabulary, by which <see cref="IdOf"/> finds it; <see cref="TokenOf"/> is what it writes, which a normalizer may have changed.</summary>
    public string? NameOf(int id) => _names.TryGetValue(id, out var name) ? name : TokenOf(id);

    /// <summary>Whether decoding leaves an id out.</summary>
    public bool IsSpecial(int id) => (uint)id < (uint)_special.Length && _special[id];

    /// <summary>The same tokenizer without the truncation and padding of its file, as for text of any length.</summary>
    public Tokenizer Unlimited() => _limited
        ? new(Definition with { Truncation = null, Padding = null }, Roles) { RecognizesSpecialTokens = RecognizesSpecialTokens, DropoutSeed = DropoutSeed }
        : this;

    public string Decode(IEnumerable<int> ids, bool special = false)
    {
        var tokens = new List<string>();
        foreach (var id in ids)
        {
            if ((uint)id < (uint)_tokens.Length && (special || !_special[id]) && _tokens[id] is { } token)
            {
                tokens.Add(token);
            }
        }

        return Definition.Decoder?.Decode(tokens) ?? string.Join(' ', tokens);
    }

    private void FillFromModel(string?[] tokens)
    {
        foreach (var (token, id) in Definition.Model.TokensById?.Index().Select(t => (t.Item, t.Index)) ?? Definition.Model.Vocab.Select(t => (t.Key, t.Value)))
        {
            tokens[id] = token;
        }
    }

    public void WriteTo(string folder) => TokenizerFile.WriteFolder(this, folder);
}
