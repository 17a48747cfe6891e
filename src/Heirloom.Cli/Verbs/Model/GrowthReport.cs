using System.Globalization;
using Heirloom.Checkpoints;
using Heirloom.Cli.Verbs.Models;
using Heirloom.Reuse.Growing;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Model;

/// <summary>What <c>heirloom model grow</c> says of its result.</summary>
internal static class GrowthReport
{
    public static void Write(CliContext context, GrowthPlan plan, GrowthMeasurement measured, Lineage? parent, string output)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(Settings.KindOf(plan.Method.GetType())).AddColumn(new TableColumn("before").RightAligned()).AddColumn(new TableColumn("after").RightAligned());
        foreach (var (name, before, after) in Sizes(plan.From, plan.To))
        {
            table.AddRow(name, Number(before), Number(after));
        }

        table.AddRow("parameters", ModelsVerb.Count(measured.Parameters.Before), ModelsVerb.Count(measured.Parameters.After));
        table.AddRow($"training FLOPs a token (context {measured.Context})", Number(measured.Flops.Before), Number(measured.Flops.After));
        if (measured.Loss is { } loss)
        {
            table.AddRow("loss on the text, nats a token", Number(loss.Before), Number(loss.After));
        }

        context.Out.Write(table);
        context.Line(Change("random inputs", measured.Random));
        if (measured.Real is { } real)
        {
            context.Line(Change("the text", real));
        }

        context.Line(measured.Why is { } why ? $"function not preserved: {why}" : "function preserved");
        foreach (var line in EqualLoss(measured, parent))
        {
            context.Line(line);
        }

        context.Line(output);
        context.Line($"  next: heirloom run recipes/continue-replay.yaml --set from={output}");
    }

    private static IEnumerable<(string Name, int Before, int After)> Sizes(ModelSize from, ModelSize to) => ((string, int, int)[])
    [
        ("width", from.Width, to.Width), ("layers", from.Layers, to.Layers), ("heads", from.Heads, to.Heads), ("key and value heads", from.KeyHeads, to.KeyHeads),
        ("feed-forward", from.FeedForward, to.FeedForward), ("vocabulary", from.Vocabulary ?? 0, to.Vocabulary ?? 0),
    ];

    private static string Change(string inputs, OutputChange change) => $"largest change of an output on {inputs}: {Number(change.Largest)} (outputs reach {Number(change.Scale)})";

    /// <summary>What can be said of the compute to an equal loss without training: the price, and not how soon the larger model would be as good.</summary>
    private static IEnumerable<string> EqualLoss(GrowthMeasurement measured, Lineage? parent)
    {
        var ratio = Number(measured.Flops.After / measured.Flops.Before);
        var steps = parent is { Step: > 0 } known ? $"its {known.Step} steps" : "its training, of which no lineage tells";
        yield return $"FLOPs to equal loss: the parent paid for {steps}; random weights of the new size would pay {ratio} times that to see as much text.";
        yield return measured.Promised
            ? "  The grown model is there already. A larger model may need less text than the parent did, so that is the most that growing saves; how much it saves is known only by training both."
            : "  The grown model has to make up for the change first; how much it saves is known only by training both.";
    }

    private static string Number(double value) => value.ToString(value is >= 1000 and < 1e6 && value == Math.Floor(value) ? "N0" : "G4", CultureInfo.InvariantCulture);
}
