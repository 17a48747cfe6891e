using System.ComponentModel.DataAnnotations;

namespace Heirloom.Data.Tokens;

/// <summary>What happens where one document ends and the next begins inside a row.</summary>
public enum Boundaries
{
    /// <summary>Documents get segments of their own, so they do not see each other, and no target lies across the boundary.</summary>
    Respect,

    /// <summary>A row is one text; the first token of a document is predicted from the end of the one before.</summary>
    Ignore,
}

/// <summary>How documents are laid into rows.</summary>
public enum Packing
{
    /// <summary>The corpus is one long tape, cut every <see cref="PackingConfig.ContextLength"/> tokens.</summary>
    Contiguous,

    /// <summary>
    /// A document is cut only where it is longer than a row; pieces go where they fit best, longest first (Ding et al. 2024, "Fewer truncations improve language modeling").
    /// Takes about 16 bytes of memory a document.
    /// </summary>
    BestFit,
}

/// <summary>Rows of a fixed length from a token file.</summary>
public sealed record PackingConfig : IExample<PackingConfig>
{
    public static PackingConfig Example => new() { ContextLength = 16, BatchSize = 2 };

    /// <summary>Tokens a row, T.</summary>
    [Range(1, 1 << 20)]
    public required int ContextLength { get; init; }

    /// <summary>Rows a batch, B.</summary>
    [Range(1, 1 << 20)]
    public required int BatchSize { get; init; }

    public Boundaries Boundaries { get; init; } = Boundaries.Respect;

    public Packing Packing { get; init; } = Packing.Contiguous;

    /// <summary>Each epoch has its own order of rows; off, every epoch reads from front to back.</summary>
    public bool Shuffle { get; init; } = true;
}
