using System.CommandLine;
using Heirloom.Data.Sets;
using static TorchSharp.torch;

namespace Heirloom.Cli.Verbs.Data;

/// <summary><c>data show NAME</c>: terms, fields, and a look inside when the set is here. Downloads nothing.</summary>
internal static class DataShow
{
    private const int Samples = 3;
    private const int Most = 8;

    public static Command Build(CliContext context)
    {
        var name = new Argument<string>("name") { Description = "a set, as heirloom data list shows it" };
        var command = new Command("show", "Show a set's licence, source, fields and three samples") { name };
        command.SetAction(parsed => context.Work(work =>
        {
            var catalog = new DataSetCatalog(work);
            var set = catalog.Find(parsed.GetRequiredValue(name));
            Describe(context, set);
            if (catalog.IsCached(set))
            {
                Look(context, set, catalog);
            }
            else
            {
                context.Line();
                context.Line(catalog.CanFetch(set, out var missing) ? $"not here yet: heirloom data get {set.Name}" : $"not here, and {missing}");
            }

            return ExitCode.Ok;
        }));
        return command;
    }

    private static void Describe(CliContext context, DataSet set)
    {
        context.Line($"{set.Name}: {set.Title}");
        context.Line(set.Description);
        context.Line();
        context.Line($"licence   {set.License}");
        if (set.Caution is not null)
        {
            context.Line($"          {set.Caution}");
        }

        context.Line($"source    {set.Package} ({DataVerb.Size(set.Package.Size)})");
        context.Line($"content   sha256 {set.Content}");
        context.Line($"size      {set.Count:N0} {(set is ImageDataSet ? "images" : "documents")}{(set.Splits.Count > 0 ? $", splits {string.Join(", ", set.Splits)}" : "")}");
        context.Line(set is ImageDataSet images ? $"classes   {string.Join(", ", images.Classes)}" : $"fields    {string.Join(", ", ((TextDataSet)set).Fields)}");
    }

    private static void Look(CliContext context, DataSet set, DataSetCatalog catalog)
    {
        if (set is ImageDataSet)
        {
            using var images = catalog.OpenImages(set.Name);
            using var scope = NewDisposeScope();
            var counts = images.Labels.bincount(null, images.Classes.Count).data<long>().ToArray();
            context.Line($"images    {string.Join(" x ", images.Images.shape[1..])}; {string.Join(", ", images.Classes.Zip(counts, (c, n) => $"{c} {n:N0}"))}");
            return;
        }

        var values = ((TextDataSet)set).Fields.ToDictionary(field => field, _ => new Dictionary<string, int>());
        var number = 0;
        var lines = new List<string>();
        foreach (var document in catalog.OpenText(set.Name).Read())
        {
            // spread over the set: its first documents are often alike
            if (number % Math.Max(1, set.Count / Samples) == 0 && lines.Count < Samples)
            {
                var text = string.Join(' ', document.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
                lines.Add($"{document.Id} {{{string.Join(", ", document.Fields.Select(f => $"{f.Key}: {f.Value}"))}}}\n  {(text.Length > 240 ? text[..240] + " …" : text)}");
            }

            number++;
            foreach (var (field, value) in document.Fields)
            {
                values[field][value] = values[field].GetValueOrDefault(value) + 1;
            }
        }

        foreach (var (field, counts) in values)
        {
            var common = counts.OrderByDescending(c => c.Value).ThenBy(c => c.Key, StringComparer.Ordinal).Take(Most).Select(c => $"{c.Key} {c.Value:N0}");
            context.Line($"{field,-9} {counts.Count:N0} values: {string.Join(", ", common)}{(counts.Count > Most ? ", …" : "")}");
        }

        context.Line();
        lines.ForEach(context.Line);
    }
}
