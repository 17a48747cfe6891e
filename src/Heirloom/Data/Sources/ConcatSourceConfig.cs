using System.Collections.Immutable;

namespace Heirloom.Data.Sources;

/// <summary>Several sources, one after the other.</summary>
[Kind("concat")]
public sealed record ConcatSourceConfig : SourceConfig, IExample<ConcatSourceConfig>
{
    public required ImmutableArray<SourceConfig> Sources { get; init; }

    public static ConcatSourceConfig Example => new() { Sources = [TextSourceConfig.Example] };

    public override IDocumentSource Open(WorkContext work)
    {
        if (Sources.IsDefaultOrEmpty)
        {
            throw new UserError("a concat source has no parts", "sources", "name at least one source");
        }

        var parts = Sources.Select(s => s.Open(work)).ToList();
        return new DocumentStream(
            string.Join(" + ", parts.Select(p => p.Name)),
            () => Hashes.OfText("concat " + string.Join('\n', parts.Select(p => p.Fingerprint))),
            () => parts.SelectMany(p => p.Read()));
    }
}
