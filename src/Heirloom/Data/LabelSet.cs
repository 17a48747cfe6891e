using System.Collections.Immutable;

namespace Heirloom.Data;

/// <summary>The classes of a labelled corpus, in ordinal order of their names.</summary>
public sealed record LabelSet(string Field, ImmutableArray<string> Names)
{
    public int Count => Names.Length;

    /// <summary>The distinct values of a field.</summary>
    /// <exception cref="UserError">A document without the field, or fewer than two classes.</exception>
    public static LabelSet Of(IEnumerable<Document> documents, string field)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var document in documents)
        {
            names.Add(Value(document, field));
        }

        return names.Count >= 2 ? new(field, [.. names]) : throw new UserError($"all documents have the same '{field}'", field, "name a field with at least two values");
    }

    /// <summary>The number of a document's class.</summary>
    /// <exception cref="UserError">A document without the field, or a class that is not in this set.</exception>
    public int Of(Document document)
    {
        var value = Value(document, Field);
        var index = Names.BinarySearch(value, StringComparer.Ordinal);
        return index >= 0 ? index : throw new UserError($"class '{value}' was not among those trained on", document.Id, UserError.Nearest(value, Names));
    }

    private static string Value(Document document, string field) => document.Fields.TryGetValue(field, out var value)
        ? value
        : throw new UserError($"there is no field '{field}'", document.Id, document.Fields.Count == 0 ? "the source keeps no fields" : UserError.Nearest(field, document.Fields.Keys));
}
