using Heirloom.Evaluation.Reports;

namespace Heirloom.Cli.Verbs.Quickstart;

/// <summary>One self-contained page.</summary>
internal static class QuickstartReport
{
    public static HtmlReport Page(QuickstartOutcome outcome, string sample, TimeSpan elapsed)
    {
        var text = outcome.Plan.Text;
        var page = new HtmlReport("What was the inheritance worth?")
            .Paragraph(text.Generated is { } why
                ? $"On generated text, because {why}: a world with drifting periods; the task is {text.Task}."
                : $"A small decoder is pretrained on {text.Old.Name}, continued on {text.New.Name} three ways, and fine-tuned on {text.Task} from three starts.")
            .Facts(new Dictionary<string, string>
            {
                ["machine"] = Machine.Description,
                ["code"] = Machine.CodeVersion,
                ["time"] = $"{elapsed.TotalMinutes:F1} minutes",
                ["seeds of fine-tuning"] = $"{outcome.Plan.Settings.Seeds}",
            });
        page.Heading("Forgetting and gain")
            .Table(["model", $"perplexity, {text.Old.Name} (old)", $"perplexity, {text.New.Name} (new)"], outcome.Perplexities().Select(p => (IReadOnlyList<string>)[p.Name, $"{p.Old:F1}", $"{p.New:F1}"]));
        page.Heading("Fine-tuning")
            .Table(["start", "accuracy"], outcome.Accuracies().Select(a => (IReadOnlyList<string>)[a.Name, $"{a.Accuracy:P1}"]));
        page.Heading("Verdicts").Paragraph("95% intervals: of losses over held-out rows (one training each), of accuracies over seeds and examples.");
        foreach (var sentence in outcome.Sentences())
        {
            page.Paragraph(sentence);
        }

        foreach (var unit in outcome.Gains().GroupBy(g => g.Unit))
        {
            page.Figure(new BarPlot { Title = $"Gain, {unit.Key}", XLabel = unit.Key, Bars = [.. unit.Select(g => new Bar(g.Claim, g.Gain.Estimate, Finite(g.Gain.Low), Finite(g.Gain.High)))] });
        }

        page.Heading("Curves");
        foreach (var plot in new RunComparison([outcome["naive"], outcome["replay"], outcome["scratch"]]).Curves())
        {
            page.Figure(plot);
        }

        foreach (var plot in RunPage.CurvesOf(outcome["base"]))
        {
            page.Figure(plot);
        }

        return page.Heading("A sample of the continued model").Code(sample);
    }

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
