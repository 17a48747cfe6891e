using Heirloom.Encoding;

namespace Heirloom.Generation.Text;

/// <summary>Turns tokens into text as they come, and never cuts a character: what a later token may still change is held back.</summary>
/// <param name="tokenizer">Decodes.</param>
/// <param name="special">Whether special tokens are shown.</param>
public sealed class TextStream(ITokenizer tokenizer, bool special = false)
{
    private readonly List<int> _ids = [];
    private int _start, _shown; // decoding begins here; so many characters of it are out

    /// <summary>What a token adds to the text, which may be nothing yet.</summary>
    public string Add(int id)
    {
        // a decoder may treat the first token otherwise: what went before the last whole piece is decoded with it
        _ids.Add(id);
        var text = tokenizer.Decode(_ids.Skip(_start), special);
        var whole = text.AsSpan().TrimEnd('\uFFFD').Length; // the end of a character whose other bytes are to come
        if (whole <= _shown)
        {
            return "";
        }

        var added = text[_shown..whole];
        _shown = whole;
        if (whole == text.Length && _ids.Count - _start > Window)
        {
            _start = _ids.Count - (Window / 2);
            _shown = tokenizer.Decode(_ids.Skip(_start), special).Length;
        }

        return added;
    }

    /// <summary>What was held back; the text is over.</summary>
    public string Finish()
    {
        var text = tokenizer.Decode(_ids.Skip(_start), special);
        var rest = text.Length > _shown ? text[_shown..] : "";
        _shown = text.Length;
        return rest;
    }

    /// <summary>Tokens that are decoded again for each new one: a bound on its cost, far more than a character or a decoder's rule spans.</summary>
    private const int Window = 32;
}
