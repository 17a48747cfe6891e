using Heirloom.Data.Tokens;

namespace Heirloom.Tests.Data;

/// <summary>Small token files for tests.</summary>
internal static class TokenCorpus
{
    public static TokenFileInfo Info(int vocabulary = 100_000, int? separator = null) =>
        new() { VocabularySize = vocabulary, TokenizerFingerprint = "tokenizer", SourceFingerprint = "source", Separator = separator };

    /// <summary>Documents of the given lengths, whose ids count up from 0, so that every token is known by its id.</summary>
    public static TokenFile Counting(string path, IReadOnlyList<int> lengths, int vocabulary = 100_000)
    {
        var next = 0;
        TokenFileWriter.Write(path, Info(vocabulary), lengths.Select(l => new EncodedDocument([.. Enumerable.Range(0, l).Select(_ => next++)])));
        return TokenFile.Open(path);
    }
}
