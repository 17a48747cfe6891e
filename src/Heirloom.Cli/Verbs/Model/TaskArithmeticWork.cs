using System.CommandLine;
using System.Globalization;
using Heirloom.Checkpoints;
using Heirloom.Models;
using Heirloom.Reuse.MergeRecipes;
using Heirloom.Reuse.Merging;

namespace Heirloom.Cli.Verbs.Model;

/// <summary>What adding, negating and analogies have in common: a base, models with a sign each, and a scale, given or chosen on held-out data.</summary>
internal sealed class TaskArithmeticWork
{
    private readonly Option<string> _base = new("--base") { Required = true, Description = "the model that they were fine-tuned from" };
    private readonly Option<double?> _scale = new("--scale") { Description = "how much of the task vector to apply; chosen on held-out data unless it is given" };
    private readonly Option<int> _rows = ModelVerb.Rows();
    private readonly Option<string> _out = ModelVerb.Out();
    private readonly MergeLimits _limits = new();

    public void AddTo(Command command)
    {
        command.Options.Add(_base);
        command.Options.Add(_scale);
        command.Options.Add(_rows);
        command.Options.Add(_out);
        _limits.AddTo(command);
    }

    /// <summary>Finds the scale and writes the model.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="context">For output.</param>
    /// <param name="signs">By model: 1 adds what it learned, −1 takes it away.</param>
    /// <param name="search">Chooses a scale on held-out data; null where none are given.</param>
    public int Run(ParseResult parsed, CliContext context, IReadOnlyList<(string Model, double Sign)> signs, Func<Search, double>? search) => context.Work(work =>
    {
        var start = parsed.GetRequiredValue(_base);
        var folders = MergeFolders.Of(signs.Select(s => s.Model).Append(start).Distinct(), ".", work);
        var options = _limits.Read(parsed);
        // refuses what does not fit before any scale is tried
        Merger.Check(Recipe(start, signs, 1), folders, options);
        var scale = parsed.GetValue(_scale) ?? (search is null
            ? throw new UserError("neither a scale nor held-out data to choose it on", parsed.CommandResult.Command.Name, "give --scale, or files to score on")
            : search(new(folders[start], [.. signs.Select(s => (folders[s.Model], s.Sign))], parsed.GetValue(_rows), context, work)));
        var report = Merger.Run(Recipe(start, signs, scale), folders, parsed.GetRequiredValue(_out), options, work);
        context.Line(string.Create(CultureInfo.InvariantCulture, $"{parsed.GetRequiredValue(_out)}: {start} {string.Join(' ', signs.Select(s => $"{(s.Sign < 0 ? "−" : "+")} {scale:0.###} × what {s.Model} learned"))}, weights {report.Weights[..12]}"));
        return ExitCode.Ok;
    });

    private static MergeRecipe Recipe(string start, IEnumerable<(string Model, double Sign)> signs, double scale) => MergeRecipe.Of("task_arithmetic", start, signs.Select(s => (s.Model, s.Sign * scale)));

    /// <summary>The base and the summed task vector in memory.</summary>
    internal sealed record Search(string Base, IReadOnlyList<(string Folder, double Sign)> Signs, int Rows, CliContext Context, WorkContext Work)
    {
        public T With<T>(Func<IModel, TaskVector, T> use)
        {
            var loaded = Checkpoint.Load(Base, new() { Device = Work.Device });
            using var module = loaded.Model.Module;
            using var vector = Signs.Select(s =>
            {
                using var tuned = Checkpoint.Load(s.Folder).Model.Module;
                using var own = TaskVector.Between(loaded.Model, (IModel)tuned);
                return s.Sign * own;
            }).Aggregate((sum, next) =>
            {
                using (sum)
                using (next)
                {
                    return sum + next;
                }
            });
            return use(loaded.Model, vector);
        }

        public Validation On(string[] files) => new(Base, files, Rows, Work);

        /// <summary>Scores a model and says so.</summary>
        public double Told(string what, Validation on, IModel model)
        {
            var score = on.Score(model);
            Context.Line($"  {what}: {Validation.Words(model, score)}");
            return score;
        }
    }
}
