namespace Heirloom.Encoding.Stages;

/// <summary>A vocabulary and the rule that cuts a piece into its tokens, as written in <c>tokenizer.json</c>.</summary>
public interface ITokenModel : IStage
{
    IReadOnlyDictionary<string, int> Vocab { get; }

    /// <summary>Makes the tables that encode.</summary>
    /// <param name="bytes">Whether pieces stand for their UTF-8 bytes (<see cref="IPreTokenizer.YieldsBytes"/>).</param>
    IPieceEncoder Compile(bool bytes);

    /// <summary>Whether a token can begin a word, for masking whole words.</summary>
    bool StartsWord(string token);
}

/// <summary>A model ready to encode. Safe to use from many threads at once.</summary>
public interface IPieceEncoder
{
    /// <summary>Appends the ids of one piece.</summary>
    void Encode(ReadOnlySpan<char> piece, List<int> ids);
}
