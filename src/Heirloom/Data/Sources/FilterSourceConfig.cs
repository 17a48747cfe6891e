using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Heirloom.Data.Sources;

/// <summary>What a field of a document must satisfy; a document without the field does not pass. Exactly as given, all that is set must hold.</summary>
public sealed record FieldCondition : IExample<FieldCondition>
{
    public static FieldCondition Example => new() { Field = "year", Max = 1945 };

    public required string Field { get; init; }

    /// <summary>The field's exact value.</summary>
    public string? Is { get; init; }

    /// <summary>Any of these values.</summary>
    public ImmutableArray<string> AnyOf { get; init; } = [];

    /// <summary>The field is a number and at least this.</summary>
    public double? Min { get; init; }

    /// <summary>The field is a number and at most this (<c>year</c>, <c>max: 1945</c>).</summary>
    public double? Max { get; init; }
}

/// <summary>Those documents of a source that satisfy conditions on fields and length.</summary>
[Kind("filter")]
public sealed record FilterSourceConfig : SourceConfig, IExample<FilterSourceConfig>
{
    public required SourceConfig Source { get; init; }

    /// <summary>All must hold.</summary>
    public ImmutableArray<FieldCondition> Where { get; init; } = [];

    [Range(0, int.MaxValue)]
    public int MinCharacters { get; init; }

    [Range(1, int.MaxValue)]
    public int MaxCharacters { get; init; } = int.MaxValue;

    public static FilterSourceConfig Example => new() { Source = TextSourceConfig.Example };

    public override IDocumentSource Open(WorkContext work)
    {
        var source = Source.Open(work);
        return new DocumentStream(
            $"{source.Name} (filtered)",
            () => Hashes.OfText($"filter {Describe()} {source.Fingerprint}"),
            () => Filter(source)).Checked();
    }

    private IEnumerable<Document> Filter(IDocumentSource source)
    {
        var seen = new HashSet<string>();
        var any = false;
        foreach (var document in source.Read())
        {
            seen.UnionWith(any ? [] : document.Fields.Keys);
            if (document.Text.Length >= MinCharacters && document.Text.Length <= MaxCharacters && Where.All(c => Holds(c, document, source.Name)))
            {
                any = true;
                yield return document;
            }
        }

        if (!any)
        {
            var unknown = Where.FirstOrDefault(c => !seen.Contains(c.Field));
            throw unknown is null
                ? new UserError("no document passes the filter", source.Name, "loosen where, min_characters or max_characters")
                : new UserError($"no document has the field '{unknown.Field}'", source.Name, UserError.Nearest(unknown.Field, seen));
        }
    }

    private static bool Holds(FieldCondition condition, Document document, string source)
    {
        if (!document.Fields.TryGetValue(condition.Field, out var value)
            || (condition.Is is not null && value != condition.Is)
            || (!condition.AnyOf.IsDefaultOrEmpty && !condition.AnyOf.Contains(value)))
        {
            return false;
        }

        if (condition.Min is null && condition.Max is null)
        {
            return true;
        }

        return double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number >= (condition.Min ?? double.NegativeInfinity) && number <= (condition.Max ?? double.PositiveInfinity)
            : throw new UserError($"field '{condition.Field}' is '{value}', which is no number", $"{source}, document {document.Id}", "compare it with is or any_of");
    }

    private string Describe() => string.Join('\n', Where.Select(c => $"{c.Field} {c.Is} [{string.Join('|', c.AnyOf.IsDefault ? [] : c.AnyOf)}] {c.Min} {c.Max}").Append($"{MinCharacters} {MaxCharacters}"));
}
