using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Sources;

namespace Heirloom.Worlds.Text;

/// <summary>Generated text as a source, for machines without data or network and for studies where the truth must be known.</summary>
[Kind("world")]
public sealed record WorldSourceConfig : SourceConfig, IExample<WorldSourceConfig>
{
    public static WorldSourceConfig Example => new() { World = HmmTextConfig.Example, Documents = 4 };

    public required TextWorldConfig World { get; init; }

    /// <summary>How many documents.</summary>
    [Range(1L, long.MaxValue)]
    public long Documents { get; init; } = 1000;

    /// <summary>The number of the first: another range is fresh text of the same world.</summary>
    [Range(0L, long.MaxValue / 2)]
    public long First { get; init; }

    /// <summary>Another seed is another world.</summary>
    public Seed Seed { get; init; } = new(1);

    public override IDocumentSource Open(WorkContext work)
    {
        var world = World.Build(Seed);
        var fingerprint = Hashes.OfText($"world {Settings.ToYaml(World)} {Documents} {First} {Seed.Value}");
        return new DocumentStream("generated text", () => fingerprint, () => Generate(world));
    }

    private IEnumerable<Document> Generate(ITextWorld world)
    {
        for (var i = 0L; i < Documents; i++)
        {
            yield return world.Document(First + i);
        }
    }
}
