namespace Heirloom.Encoding.Stages;

/// <summary>A vocabulary and the rule that cuts a piece into its tokens, as written in <c>tokenizer.json</c>.</summary>
public interface ITokenModel : IStage
{
    IReadOnlyDictionary<string, int> Vocab { get; }

    /// <summary>The tokens by id where several ids may share a token, as in a Unigram list; null where the vocabulary says all.</summary>
    IReadOnlyList<string>? TokensById => null;

    /// <summary>Whether it can be told a piece's characters and see their bytes, which saves writing them in the byte alphabet first.</summary>
    bool ReadsBytes => false;

    /// <summary>Whether what it does is drawn at random.</summary>
    bool IsRandom => false;

    /// <summary>Makes the tables that encode.</summary>
    /// <param name="bytes">Whether pieces stand for their UTF-8 bytes (<see cref="IPreTokenizer.YieldsBytes"/>); only where <see cref="ReadsBytes"/>.</param>
    IPieceEncoder Compile(bool bytes);

    /// <summary>Whether a token can begin a word, for masking whole words.</summary>
    bool StartsWord(string token);
}

/// <summary>A model ready to encode. Safe to use from many threads at once.</summary>
public interface IPieceEncoder
{
    /// <summary>Appends the tokens of one piece.</summary>
    /// <exception cref="UserError">A piece has no token, and there is none for the unknown.</exception>
    void Encode(ReadOnlySpan<char> piece, TokenSink tokens);
}
