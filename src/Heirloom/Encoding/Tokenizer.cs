using System.Security.Cryptography;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding;

/// <summary>
/// A pipeline of stages made ready to run: added tokens are cut out, the rest is normalized, split and given to the model piece by piece.
/// Ids and decoded text agree exactly with the ecosystem's Rust library. Safe to use from many threads at once.
/// </summary>
public class Tokenizer : ITokenizer
{
    private readonly IPieceEncoder _model;
    private readonly AddedTokens _raw, _normalized;
    private readonly Dictionary<string, int> _ids;
    private readonly string[] _tokens;
    private readonly bool[] _special;
    private readonly Lazy<string> _fingerprint;
    private readonly Lazy<bool[]> _wordStarts;

    /// <param name="definition">The stages and the vocabulary.</param>
    /// <param name="roles">Which token plays which part; guessed from the usual names when null.</param>
    /// <exception cref="UserError">The definition contradicts itself or needs what is not supported yet.</exception>
    public Tokenizer(TokenizerDefinition definition, SpecialTokenRoles? roles = null)
    {
        definition.Check();
        Definition = definition;
        _model = definition.Model.Compile(definition.PreTokenizer?.YieldsBytes() ?? false);
        _ids = new(definition.Model.Vocab);
        _tokens = new string[definition.VocabularySize()];
        _special = new bool[_tokens.Length];
        foreach (var (token, id) in _ids)
        {
            _tokens[id] = token;
        }

        foreach (var added in definition.AddedTokens)
        {
            _ids[added.Content] = added.Id;
            _tokens[added.Id] = added.Content;
            _special[added.Id] |= added.Special;
        }

        _raw = new(definition.AddedTokens.Where(t => !t.Normalized).Select(t => (t.Content, t)));
        var normalized = definition.AddedTokens.Where(t => t.Normalized).Select(t => (Content: definition.Normalizer?.Normalize(t.Content) ?? t.Content, Token: t)).ToList();
        _normalized = new(normalized);
        normalized.ForEach(t => _tokens[t.Token.Id] = t.Content); // what was matched is what comes back
        Roles = roles ?? SpecialTokenRoles.Guess(_ids.ContainsKey);
        Roles.Check(_ids.ContainsKey);
        _fingerprint = new(() => Convert.ToHexStringLower(SHA256.HashData(TokenizerFile.Serialize(Definition))));
        _wordStarts = new(() => [.. _tokens.Select((token, id) => _special[id] || Definition.Model.StartsWord(token))]);
    }

    public TokenizerDefinition Definition { get; }

    public SpecialTokenRoles Roles { get; }

    /// <summary>Whether <c>&lt;|endoftext|&gt;</c> written in a text is the special token (as in other tools) or plain characters (safer for text from strangers).</summary>
    public bool RecognizesSpecialTokens { get; init; } = true;

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

    /// <summary>Whether decoding leaves an id out.</summary>
    public bool IsSpecial(int id) => (uint)id < (uint)_special.Length && _special[id];

    public int[] Encode(string text, bool special = false)
    {
        var ids = new List<int>(text.Length / 4 + 8);
        Encode(text, ids, special);
        return [.. ids];
    }

    /// <summary>Appends the ids of a text, without allocating for words that were seen before.</summary>
    public void Encode(ReadOnlySpan<char> text, List<int> ids, bool special = false)
    {
        if (special && Definition.PostProcessor is { } post)
        {
            var own = new List<int>(text.Length / 4 + 8);
            EncodeText(text, own);
            post.Process(own);
            ids.AddRange(own);
        }
        else
        {
            EncodeText(text, ids);
        }
    }

    /// <summary>Encodes texts on all cores; the result is in the order of the texts.</summary>
    public int[][] EncodeBatch(IReadOnlyList<string> texts, bool special = false)
    {
        var results = new int[texts.Count][];
        Parallel.For(0, texts.Count, () => new List<int>(), (i, _, ids) =>
        {
            ids.Clear();
            Encode(texts[i], ids, special);
            results[i] = [.. ids];
            return ids;
        }, _ => { });
        return results;
    }

    public string Decode(IEnumerable<int> ids, bool special = false)
    {
        var tokens = ids.Where(id => (uint)id < (uint)_tokens.Length && (special || !_special[id])).Select(id => _tokens[id]).ToList();
        return Definition.Decoder?.Decode(tokens) ?? string.Join(' ', tokens);
    }

    public void WriteTo(string folder) => TokenizerFile.WriteFolder(this, folder);

    private void EncodeText(ReadOnlySpan<char> text, List<int> ids)
    {
        var sink = new ModelSink(_model, ids);
        var at = 0;
        while (_raw.Next(text, at, RecognizesSpecialTokens) is var (id, start, end))
        {
            EncodeSegment(text[at..start], sink);
            ids.Add(id);
            at = end;
        }

        EncodeSegment(text[at..], sink);
    }

    private void EncodeSegment(ReadOnlySpan<char> text, ModelSink sink)
    {
        if (text.IsEmpty)
        {
            return;
        }

        if (Definition.Normalizer is { } normalizer)
        {
            text = normalizer.Normalize(text.ToString());
        }

        var at = 0;
        while (_normalized.Next(text, at, RecognizesSpecialTokens) is var (id, start, end))
        {
            EncodePieces(text[at..start], sink);
            sink.Ids.Add(id);
            at = end;
        }

        EncodePieces(text[at..], sink);
    }

    private void EncodePieces(ReadOnlySpan<char> text, ModelSink sink)
    {
        if (text.IsEmpty)
        {
            return;
        }

        if (Definition.PreTokenizer is { } preTokenizer)
        {
            preTokenizer.Split(text, sink);
        }
        else
        {
            sink.Add(text);
        }
    }

    private sealed class ModelSink(IPieceEncoder model, List<int> ids) : IPieceSink
    {
        public List<int> Ids => ids;

        public void Add(ReadOnlySpan<char> piece) => model.Encode(piece, ids);
    }
}
