using System.Text.Json.Serialization;

namespace Heirloom.Encoding.Stages;

/// <summary>What becomes of the delimiters that a pre-tokenizer finds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SplitBehavior>))]
public enum SplitBehavior
{
    /// <summary>They are dropped.</summary>
    Removed,

    /// <summary>Each is a piece.</summary>
    Isolated,

    /// <summary>Each ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>Each begins the piece after it.</summary>
    MergedWithNext,

    /// <summary>Neighbouring ones are one piece.</summary>
    Contiguous,
}

/// <summary>Turns delimiters and what lies between them, which come in order and cover the text, into pieces.</summary>
internal struct PieceFolder(SplitBehavior behavior, List<(int Start, int End)> pieces)
{
    private readonly int _from = pieces.Count;
    private bool _previous;
    private (int Start, int End)? _held;

    public void Add(int start, int end, bool delimiter)
    {
        switch (behavior)
        {
            case SplitBehavior.Removed when delimiter:
                break;
            case SplitBehavior.Contiguous when delimiter == _previous && pieces.Count > _from:
            case SplitBehavior.MergedWithPrevious when delimiter && !_previous && pieces.Count > _from:
                pieces[^1] = (pieces[^1].Start, end);
                break;
            case SplitBehavior.MergedWithNext when delimiter:
                Finish();
                _held = (start, end);
                break;
            case SplitBehavior.MergedWithNext when _held is { } held:
                pieces.Add((held.Start, end));
                _held = null;
                break;
            default:
                pieces.Add((start, end));
                break;
        }

        _previous = delimiter;
    }

    /// <summary>After the last.</summary>
    public void Finish()
    {
        if (_held is { } held)
        {
            pieces.Add(held);
            _held = null;
        }
    }
}
