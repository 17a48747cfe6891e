using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Encoding;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>Labelled documents as ids; classification sets fit in memory.</summary>
internal static class LabeledCorpus
{
    /// <summary>Encodes documents of one part, all of them when the part is null; a sample when there are more than <paramref name="most"/>.</summary>
    /// <exception cref="UserError">None are there, or one has no label.</exception>
    public static IReadOnlyList<LabeledIds> Encode(IReadOnlyList<Document> documents, LabelSet labels, Tokenizer tokenizer, DocumentSplit split, SplitPart? part, int? most = null)
    {
        var chosen = split.Sample([.. documents.Where(d => part is null || split.PartOf(d.Text) == part)], most ?? int.MaxValue);
        if (chosen.Count == 0)
        {
            throw new UserError($"{documents.Count} documents leave none for the {(part is null ? "whole" : Settings.SnakeCase(part.Value.ToString()))} part", "source", "use more documents or hold out a larger share");
        }

        var ids = tokenizer.Unlimited().EncodeBatch([.. chosen.Select(d => d.Text)]);
        return [.. chosen.Select((d, i) => new LabeledIds(ids[i], labels.Of(d)))];
    }
}
