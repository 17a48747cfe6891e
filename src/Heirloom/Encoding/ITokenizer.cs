namespace Heirloom.Encoding;

/// <summary>Text to ids and back.</summary>
public interface ITokenizer : IFolderPart
{
    int VocabularySize { get; }

    /// <summary>A hash of the vocabulary and the rules, for lineage and for refusing token files of another tokenizer.</summary>
    string Fingerprint { get; }

    /// <summary>The id of a token (<c>&lt;|endoftext|&gt;</c>), or null.</summary>
    int? IdOf(string token);

    string? TokenOf(int id);

    /// <summary>Separates documents and ends generation.</summary>
    int? EndOfText { get; }

    int? Padding { get; }

    /// <summary>
    /// Encodes; with <paramref name="special"/>, adds what the post-processor adds. Special tokens written in the text are recognized either way,
    /// as in other tools, unless the tokenizer is told otherwise.
    /// </summary>
    int[] Encode(string text, bool special = false);

    /// <summary>Decodes; special tokens are left out unless asked for.</summary>
    string Decode(IEnumerable<int> ids, bool special = false);
}
