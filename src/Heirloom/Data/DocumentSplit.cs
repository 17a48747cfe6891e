using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Heirloom.Data.Sources;

namespace Heirloom.Data;

/// <summary>A part of a corpus.</summary>
public enum SplitPart
{
    Train,
    Validation,
    Test,
}

/// <summary>
/// Divides documents by a hash of their text, so that a document's part depends on nothing but its text: adding, removing or reordering others
/// moves nothing, and copies of a text never lie on both sides. Texts that differ only in white space count as copies.
/// </summary>
public sealed record DocumentSplit
{
    /// <summary>The fraction held out for choosing.</summary>
    [Range(0.0, 1.0)]
    public double Validation { get; init; } = 0.05;

    /// <summary>The fraction held out for reporting.</summary>
    [Range(0.0, 1.0)]
    public double Test { get; init; } = 0.05;

    /// <summary>Another salt, another division.</summary>
    public string Salt { get; init; } = "";

    /// <summary>The part of a text: the unit interval holds test first, then validation, then training, so that changing one fraction moves few documents.</summary>
    /// <exception cref="UserError">Nothing is left for training.</exception>
    public SplitPart PartOf(string text)
    {
        if (!(Validation + Test < 1))
        {
            throw new UserError($"validation {Validation} and test {Test} leave nothing to train on", mend: "their sum must be below 1");
        }

        var at = Uniform(text);
        return at < Test ? SplitPart.Test : at < Test + Validation ? SplitPart.Validation : SplitPart.Train;
    }

    /// <summary>One part of a source.</summary>
    public IDocumentSource Take(IDocumentSource source, SplitPart part) => new DocumentStream(
        $"{source.Name} ({part})",
        () => Hashes.OfText($"split {part} {Validation} {Test} {Salt} {source.Fingerprint}"),
        () => source.Read().Where(d => PartOf(d.Text) == part));

    /// <summary>At most so many documents, in their order. A second hash of their text draws them, since sources are often sorted: by class, by date.</summary>
    public IReadOnlyList<Document> Sample(IReadOnlyList<Document> documents, int most)
    {
        if (documents.Count <= most)
        {
            return documents;
        }

        var drawn = Enumerable.Range(0, documents.Count).OrderBy(i => Uniform(documents[i].Text, "sample")).Take(most).ToHashSet();
        return [.. documents.Where((_, i) => drawn.Contains(i))];
    }

    /// <summary>A number on [0, 1) from SHA-256 of the words.</summary>
    private double Uniform(string text, string use = "")
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(TextEncoding.UTF8.GetBytes(use + Salt));
        var words = text.AsSpan();
        Span<byte> bytes = stackalloc byte[768];
        while (true)
        {
            words = words.TrimStart();
            if (words.IsEmpty)
            {
                break;
            }

            var length = 1;
            while (length < words.Length && !char.IsWhiteSpace(words[length]))
            {
                length++;
            }

            // a zero byte before every word keeps "ab c" and "a bc" apart
            hash.AppendData([0]);
            for (var at = 0; at < length; at += 256)
            {
                var piece = words[at..Math.Min(length, at + 256)];
                hash.AppendData(bytes[..TextEncoding.UTF8.GetBytes(piece, bytes)]);
            }

            words = words[length..];
        }

        return (BitConverter.ToUInt64(hash.GetHashAndReset()) >> 11) * (1.0 / (1UL << 53));
    }
}
