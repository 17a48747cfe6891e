using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding;

/// <summary>The way that keeps places: offsets, words, types, windows.</summary>
public partial class Tokenizer
{
    /// <summary>Encodes a text or a pair with everything that is known of each token, cut and padded as the file says.</summary>
    /// <remarks>As in the ecosystem's library, a file that cuts also stops the model early: windows of overflow reach not much beyond its length.</remarks>
    /// <exception cref="UserError">The texts do not fit the truncation of the file, or something has no token.</exception>
    public TokenizedText Tokenize(string text, string? pair = null, bool special = true)
    {
        string[] originals = pair is null ? [WellFormed(text).ToString()] : [WellFormed(text).ToString(), WellFormed(pair).ToString()];
        IReadOnlyList<TokenizedText> texts = [.. originals.Select(TokenizeAlone)];
        var post = Definition.PostProcessor;
        if (Definition.Truncation is { } limit)
        {
            texts = LengthLimits.Cut(texts, limit, special ? post?.Added(pair is not null) ?? 0 : 0);
        }

        for (var i = 0; i < texts.Count; i++)
        {
            texts[i].SetSequence(i);
        }

        var joined = TokenizedText.Join(post is null ? texts : post.Process(texts, special));
        joined = Definition.Padding is { } padding ? LengthLimits.Pad([joined], padding)[0] : joined;
        joined.ToUnits([.. originals.Select(UnitStarts)]);
        return joined;
    }

    /// <summary>The same for many texts, padded to a common length where the file says so, on all cores.</summary>
    public IReadOnlyList<TokenizedText> TokenizeBatch(IReadOnlyList<string> texts, bool special = true)
    {
        var results = new TokenizedText[texts.Count];
        Parallel.For(0, texts.Count, i => results[i] = Tokenize(texts[i], special: special));
        return Definition.Padding is { } padding ? LengthLimits.Pad(results, padding) : results;
    }

    private TokenizedText TokenizeAlone(string text, int type)
    {
        var result = new TokenizedText();
        var pieces = Model(Pieces(text), type, Draws(text));
        foreach (var (word, (piece, tokens)) in pieces.Index())
        {
            var places = tokens.Spans is null ? [] : ByteToUnit(piece.Text);
            for (var i = 0; i < tokens.Ids.Count; i++)
            {
                var id = tokens.Ids[i];
                if (tokens.Spans is null)
                {
                    result.Add(id, piece.Text, word, piece.PlaceOf(0, piece.Text.Length), type, type);
                    continue;
                }

                var (start, end) = tokens.Spans[i];
                result.Add(id, tokens.Names?.GetValueOrDefault(i) ?? _modelTokens.Value[id] ?? "", word,
                    piece.PlaceOf(places[start], places[Math.Min(end, places.Length - 1) - 1] + 1), type, type);
            }
        }

        return result;
    }

    /// <summary>Cuts a text into added tokens and pieces for the model.</summary>
    private List<(AlignedText Piece, int? Added)> Pieces(string text)
    {
        var pieces = new List<(AlignedText, int?)>();
        foreach (var (segment, raw) in Parts(AlignedText.Of(text, tracked: true), _raw))
        {
            if (raw is not null)
            {
                pieces.Add((segment, raw));
                continue;
            }

            Definition.Normalizer?.Normalize(segment);
            foreach (var (part, added) in Parts(segment, _normalized))
            {
                pieces.AddRange(added is not null ? [(part, added)]
                    : (Definition.PreTokenizer?.Split(part) ?? [part]).Where(p => p.Text.Length > 0).Select(p => (p, (int?)null)));
            }
        }

        return pieces;
    }

    /// <summary>Gives pieces to the model, from the end that is kept and no further than a cut asks for.</summary>
    private List<(AlignedText Piece, TokenSink Tokens)> Model(List<(AlignedText Piece, int? Added)> pieces, int type, Rng? draws)
    {
        var limit = Definition.Truncation is { } cut && (cut.Strategy != TruncationStrategy.OnlySecond || type != 0) ? cut : null;
        var fromLeft = limit?.Direction != TextSide.Left;
        var done = new List<(AlignedText, TokenSink)>(pieces.Count);
        var count = 0;
        for (var i = 0; i < pieces.Count; i++)
        {
            var (piece, added) = pieces[fromLeft ? i : ^(i + 1)];
            var tokens = new TokenSink(added is { } id ? [id] : [], spans: added is null, draws);
            if (added is null)
            {
                piece = _spells ? ByteAlphabet.Spell(piece) : piece;
                _model.Encode(piece.Text, tokens);
            }

            done.Add((piece, tokens));
            count += tokens.Ids.Count;
            if (added is null && count >= limit?.MaxLength)
            {
                break;
            }
        }

        if (!fromLeft)
        {
            done.Reverse();
        }

        return done;
    }

    /// <summary>A text cut at its added tokens; nothing that is empty.</summary>
    private IEnumerable<(AlignedText Part, int? Token)> Parts(AlignedText text, AddedTokens added)
    {
        var place = default(AddedTokens.Place);
        var taken = 0;
        while (added.Next(text.Text, ref place, RecognizesSpecialTokens) is var (id, start, end))
        {
            if (taken < start)
            {
                yield return (text.Slice(taken, start), null);
            }

            yield return (text.Slice(start, end), id);
            taken = end;
        }

        if (taken < text.Text.Length)
        {
            yield return (text.Slice(taken, text.Text.Length), null);
        }
    }

    /// <summary>For each byte of a text's UTF-8 the unit that it belongs to, the second of two for a character that takes two.</summary>
    private static int[] ByteToUnit(string text)
    {
        var units = new int[TextEncoding.UTF8.GetByteCount(text) + 1];
        var at = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length;
            var width = pair ? 4 : text[i] < 0x80 ? 1 : text[i] < 0x800 ? 2 : 3;
            i += pair ? 1 : 0;
            units.AsSpan(at, width).Fill(i);
            at += width;
        }

        units[at] = text.Length;
        return units;
    }

    /// <summary>Where each code point of a text begins, and the end; null where that is its number.</summary>
    private static int[]? UnitStarts(string text) => !text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')
        ? null
        : [.. Enumerable.Range(0, text.Length).Where(i => !char.IsLowSurrogate(text[i])), text.Length];
}
