namespace Heirloom.Encoding.Stages;

/// <summary>Splits text into pieces that no token crosses.</summary>
public interface IPreTokenizer : IStage
{
    /// <summary>True when the model sees a piece's UTF-8 bytes, written in the byte alphabet, and not its characters.</summary>
    bool YieldsBytes() => false;

    /// <summary>Hands the pieces on in order. A span lives only for the call.</summary>
    void Split(ReadOnlySpan<char> text, IPieceSink pieces);
}

/// <summary>Takes the pieces of a text: the next pre-tokenizer, the model, or a counter.</summary>
public interface IPieceSink
{
    void Add(ReadOnlySpan<char> piece);
}
