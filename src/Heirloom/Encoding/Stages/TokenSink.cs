namespace Heirloom.Encoding.Stages;

/// <summary>Takes the tokens of pieces.</summary>
/// <param name="ids">Where ids are appended.</param>
/// <param name="spans">Whether the place of each token in its piece is wanted too.</param>
/// <param name="draws">What dropout draws from; null where nothing is drawn.</param>
public sealed class TokenSink(List<int> ids, bool spans = false, Rng? draws = null)
{
    public List<int> Ids => ids;

    /// <summary>The stretch of each token in the UTF-8 bytes of its piece; null where nobody asked.</summary>
    public List<(int Start, int End)>? Spans { get; } = spans ? [] : null;

    public Rng? Draws => draws;

    /// <summary>What tokens are called that stand for text of their own, by their number; the others by the vocabulary.</summary>
    public Dictionary<int, string>? Names { get; private set; }

    public void Add(int id, int start, int end)
    {
        ids.Add(id);
        Spans?.Add((start, end));
    }

    /// <summary>An unknown token that is called by the text that it stands for.</summary>
    public void AddNamed(int id, int start, int end, ReadOnlySpan<char> name)
    {
        if (Spans is not null)
        {
            (Names ??= []).Add(ids.Count, name.ToString());
        }

        Add(id, start, end);
    }
}
