using Heirloom.Evaluation.Statistics;
using Heirloom.Training.Registry;

namespace Heirloom.Cli.Verbs.Quickstart;

/// <summary>The finished runs and what they say.</summary>
internal sealed record QuickstartOutcome(QuickstartPlan Plan, IReadOnlyDictionary<string, RegisteredRun> Runs)
{
    private static readonly (string Role, string Name)[] Models =
        [("naive", "continued naively"), ("replay", "re-warmed, with replay"), ("scratch", "from scratch, equal compute")];

    private static readonly (string Role, string Name)[] Starts =
        [("from pretrained", "the pretrained model"), ("from continued", "the continued model"), ("from random", "random weights")];

    public RegisteredRun this[string role] => Runs[role];

    /// <summary>Perplexity on old and new text: before, and for each way.</summary>
    public IEnumerable<(string Name, double Old, double New)> Perplexities()
    {
        var (old, now) = (Plan.Text.Old.Name, Plan.Text.New.Name);
        var naive = this["naive"].Record.Scores;
        yield return ("pretrained", naive[$"perplexity_before/{old}"], naive[$"perplexity_before/{now}"]);
        foreach (var (role, name) in Models)
        {
            yield return (name, this[role].Record.Scores[$"perplexity/{old}"], this[role].Record.Scores[$"perplexity/{now}"]);
        }
    }

    public IEnumerable<(string Name, double Accuracy)> Accuracies() => Starts.Select(s => (s.Name, this[s.Role].Record.Scores["accuracy"]));

    /// <summary>Gains of the three starts over random weights and of replay over naive, with 95% intervals.</summary>
    public IEnumerable<(string Claim, string Unit, Interval Gain, bool Expected)> Gains()
    {
        yield return ("replay keeps more of the old text than naive", "nats/token", Rows("naive", "replay", Plan.Text.Old.Name), true);
        yield return ("naive learns more of the new text than replay", "nats/token", Rows("replay", "naive", Plan.Text.New.Name), false);
        yield return ("continuing beats scratch on the new text", "nats/token", Rows("scratch", "replay", Plan.Text.New.Name), true);
        yield return ("the pretrained start beats random weights", "accuracy", Seeds("from random", "from pretrained"), true);
        yield return ("the continued start beats random weights", "accuracy", Seeds("from random", "from continued"), true);
    }

    public IEnumerable<string> Sentences() => Gains().Select(g =>
        $"{g.Claim}: {g.Gain.Estimate:+0.000;-0.000} {g.Unit} [{End(g.Gain.Low)}, {End(g.Gain.High)}]"
        + (!g.Expected || g.Gain.Low > 0 ? "" : g.Gain.High < 0 ? "; it does not: the opposite holds here" : "; not shown: the interval includes zero at this size and number of seeds"));

    /// <summary>Commands that work as they stand.</summary>
    public IEnumerable<string> Next(string runsFolder)
    {
        string Checkpoint(string role) => Path.Combine(runsFolder, this[role].Id, RunFolder.CheckpointName);
        yield return $"./heirloom generate --model {Checkpoint("replay")} --prompt \"The people\"";
        yield return $"./heirloom models lineage {Checkpoint("from continued")}";
        yield return $"./heirloom runs compare {this["naive"].Id} {this["replay"].Id} {this["scratch"].Id}";
        yield return $"./heirloom runs compare {this["from random"].Id} {this["from pretrained"].Id} {this["from continued"].Id}";
        yield return "./heirloom run recipes/pretrain.yaml --set training.steps=1000";
        yield return "./heirloom papers list --implemented";
    }

    /// <summary>How much lower the method's loss is, row by row of the held-out text: one training each, so the interval is over rows.</summary>
    private Interval Rows(string baseline, string method, string text)
    {
        var (b, m) = (Losses(baseline, text), Losses(method, text));
        return MultiBootstrap.Mean(new([.. b.Zip(m, (x, y) => new[] { x - y })])).Combined;
    }

    private Interval Seeds(string baseline, string method) =>
        MultiBootstrap.Compare(Accuracy(method), Accuracy(baseline), SeedDesign.Paired).Combined;

    private double[] Losses(string role, string text) => ExampleScores.Read(this[role].Folder).Single(s => s.Name == $"loss/{text}").Rows[0];

    private ScoreMatrix Accuracy(string role) => new(ExampleScores.Read(this[role].Folder).Single(s => s.Name == "accuracy").Rows);

    private static string End(double value) => double.IsFinite(value) ? $"{value:+0.000;-0.000}" : "∞";
}
