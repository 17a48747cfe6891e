namespace Heirloom.Encoding.Stages;

/// <summary>Splits text into pieces that no token crosses.</summary>
public interface IPreTokenizer : IStage
{
    /// <summary>True when the model sees a piece's UTF-8 bytes, written in the byte alphabet, and not its characters.</summary>
    bool YieldsBytes() => false;

    /// <summary>Whether pieces depend on where the text stood in the original.</summary>
    bool NeedsPlaces => false;

    /// <summary>Hands the pieces on in order. A span lives only for the call.</summary>
    /// <param name="text">What to split.</param>
    /// <param name="pieces">Takes the pieces.</param>
    /// <param name="first">Whether the text begins where the original begins.</param>
    void Split(ReadOnlySpan<char> text, IPieceSink pieces, bool first = true);

    /// <summary>The same pieces with their places.</summary>
    IEnumerable<AlignedText> Split(AlignedText text);
}

/// <summary>Takes the pieces of a text: the next pre-tokenizer, the model, or a counter.</summary>
public interface IPieceSink
{
    void Add(ReadOnlySpan<char> piece);

    /// <summary>Takes a piece and whether it begins where the original begins.</summary>
    void Add(ReadOnlySpan<char> piece, bool first) => Add(piece);
}
