using System.Collections.Immutable;
using System.CommandLine;
using Heirloom.Checkpoints;
using Heirloom.Cli.Recipes;
using Heirloom.Models;
using Heirloom.Reuse.Growing;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Cli.Verbs.Model;

/// <summary><c>heirloom model grow MODEL --to FOLDER</c>: a larger model that starts from what a smaller one has learned.</summary>
internal static class ModelGrow
{
    public static Command Build(CliContext context)
    {
        var methods = Settings.Kinds(typeof(GrowthConfig));
        var path = ModelVerb.Source();
        var to = new Option<string>("--to") { Required = true, Description = "the folder to write" };
        var method = new Option<string>("--method") { Description = $"how: {string.Join(", ", methods.Keys)}", DefaultValueFactory = _ => "bert2bert-fpi" };
        var set = new Option<string[]>("--set") { Description = "a setting of the method, such as noise=0; may be given again", HelpName = "a=b", DefaultValueFactory = _ => [] };
        var width = Size("--width", "width of the residual stream; heads and feed-forward grow with it unless they are given");
        var layers = Size("--layers", "number of layers");
        var heads = Size("--heads", "query heads; each keeps its width");
        var keyHeads = Size("--kv-heads", "key and value heads");
        var feedForward = Size("--feed-forward", "hidden width of the feed-forward networks");
        var vocabulary = Size("--vocabulary", "rows of the embedding; for new tokens themselves see 'heirloom tokenizer extend'");
        var data = new Option<string[]>("--data") { Description = "real text to compare both models on: files or patterns", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
        var tolerance = new Option<double>("--tolerance") { Description = "largest change of an output that passes for rounding, as a share of the largest output (of 1 where that is smaller)", DefaultValueFactory = _ => OutputChange.Rounding };
        var seed = new Option<ulong>("--seed") { Description = "what is drawn depends on it alone", DefaultValueFactory = _ => 1 };
        var command = new Command("grow", "Make a larger model that starts from what a smaller one has learned, and measure what changed") { path, to, method, set, width, layers, heads, keyHeads, feedForward, vocabulary, data, tolerance, seed };
        command.SetAction(parsed => context.Work(work =>
        {
            var kind = parsed.GetRequiredValue(method);
            if (!methods.ContainsKey(kind))
            {
                throw new UserError($"there is no method '{kind}'", "--method", UserError.Nearest(kind, methods.Keys));
            }

            var growth = Settings.Parse<GrowthConfig>($"kind: {kind}\n", "--set", parsed.GetRequiredValue(set));
            var target = new GrowthTarget
            {
                Width = parsed.GetValue(width),
                Layers = parsed.GetValue(layers),
                Heads = parsed.GetValue(heads),
                KeyHeads = parsed.GetValue(keyHeads),
                FeedForward = parsed.GetValue(feedForward),
                Vocabulary = parsed.GetValue(vocabulary),
            };
            var folder = StartingPoint.FolderOf(parsed.GetRequiredValue(path), new(work, context.RunsFolder));
            var output = Path.GetFullPath(parsed.GetRequiredValue(to));
            if (output == folder)
            {
                throw new UserError("the grown model would take the place of the one that it comes from", "--to", "choose another folder");
            }

            var before = ModelSize.Of(Checkpoint.ReadConfig(folder));
            var plan = new GrowthPlan { Method = growth, From = before, To = target.From(before), Seed = parsed.GetValue(seed) };
            var text = parsed.GetRequiredValue(data) is { Length: > 0 } files ? RealText.Open(files, folder, before, growth.LearnsFromText(), work) : null;
            if (growth.LearnsFromText() && text is null)
            {
                throw new UserError($"'{kind}' learns from text how to grow", "--data", "name files of text");
            }

            return Grow(context, folder, output, plan, text, parsed.GetValue(tolerance), work);
        }));
        return command;
    }

    private static Option<int?> Size(string name, string description) => new(name) { Description = description, HelpName = "N" };

    private static int Grow(CliContext context, string folder, string output, GrowthPlan plan, RealText? text, double tolerance, WorkContext work)
    {
        using var task = work.Progress.Begin("growing");
        var loaded = Checkpoint.Load(folder, new() { Device = work.Device });
        using var small = loaded.Model.Module;
        var weight = small.parameters().First();
        var (stored, bytes) = (weight.dtype, weight.ElementSize);
        small.to(ScalarType.Float32); // changes are measured in it whatever the type on disk
        var longest = Math.Min(GrowthMeasurement.LongestRow, loaded.Model is ITokenEncoder encoder ? encoder.ContextLength : int.MaxValue);
        var grown = plan.Method.LearnsFromText()
            ? plan.Method.Learn(loaded.Model, plan.To, text!.Lessons(longest, new Seed(plan.Seed).For("text")), new(plan.Seed), work)
            : plan.Method.Grow(loaded.Model, plan.To, new(plan.Seed));
        using var large = grown.Module;
        var measured = GrowthMeasurement.Of(loaded.Model, grown, plan, text, work);
        if (measured.Promised && measured.Change.Largest > tolerance * Math.Max(1, measured.Change.Scale))
        {
            context.ErrorLine($"an output changed by {measured.Change.Largest:G3} (outputs reach {measured.Change.Scale:G3}), which is more than rounding: nothing was written; --tolerance lets more pass");
            return ExitCode.CheckFailed;
        }

        DiskSpace.Require(output, large.parameters().Sum(p => p.numel()) * bytes);
        Checkpoint.Save(output, new()
        {
            Model = grown,
            Remainder = loaded.Remainder,
            Parts = [new CompanionFiles(folder)],
            Type = stored,
            Lineage = new()
            {
                Method = $"grow/{Settings.KindOf(plan.Method.GetType())}",
                Parents = [new(loaded.WeightsHash, folder, "start")],
                Settings = Settings.ToYaml(plan),
                Seed = plan.Seed,
                Data = text?.Fingerprints ?? ImmutableSortedDictionary<string, string>.Empty,
                Licenses = loaded.Lineage?.Licenses ?? [],
                Date = work.Clock.GetUtcNow().ToString("s") + "Z",
                Scores = measured.Scores(),
            },
        });
        GrowthReport.Write(context, plan, measured, loaded.Lineage, output);
        return ExitCode.Ok;
    }
}
