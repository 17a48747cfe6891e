using System.Text.Json.Serialization;

namespace Heirloom.Data.Tokens;

/// <summary>A document as ids, its separator included, with the size of its text in UTF-8 (0 when unknown).</summary>
public readonly record struct EncodedDocument(IReadOnlyList<int> Ids, long TextBytes = 0);

/// <summary>What a token file says about itself.</summary>
public sealed record TokenFileInfo
{
    /// <summary>The version that this program writes; it reads this one and older ones.</summary>
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>Bytes a token: 2 for vocabularies up to 65,536, else 4.</summary>
    public int Width { get; init; }

    public long Tokens { get; init; }

    public long Documents { get; init; }

    /// <summary>Ids lie in 0 … this − 1.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The tokenizer that wrote the ids.</summary>
    public required string TokenizerFingerprint { get; init; }

    /// <summary>The source of the documents.</summary>
    public required string SourceFingerprint { get; init; }

    /// <summary>The id that ends every document, where there is one.</summary>
    public int? Separator { get; init; }

    /// <summary>Bytes of the text in UTF-8, for bits per byte; 0 when unknown.</summary>
    public long TextBytes { get; init; }

    [JsonIgnore]
    internal TokenFileLayout Layout => new(Tokens, Documents, Width);
}
