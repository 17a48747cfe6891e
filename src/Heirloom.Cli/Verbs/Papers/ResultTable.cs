using Heirloom.Papers;
using Spectre.Console;

namespace Heirloom.Cli.Verbs.Papers;

/// <summary>A result in the terminal: the verdicts beside the claims, and every arm's scores.</summary>
internal static class ResultTable
{
    public static void Show(CliContext context, PaperResult result)
    {
        context.Line($"{result.Profile}, {result.Seeds} seeds from {result.Seed}, {result.Seconds:F0} s, {result.Date}, {result.Machine}, {result.Commit}");
        var verdicts = new Table().Border(TableBorder.Minimal).AddColumns("claim", "measure", "method", "baseline", "effect, 95% interval", "verdict");
        foreach (var f in result.Findings)
        {
            verdicts.AddRow(
                Markup.Escape(f.Claim),
                Markup.Escape($"{f.Measure}{(f.Unit.Length > 0 ? $", {f.Unit}" : "")}"),
                Markup.Escape($"{f.Method}: {f.MethodMean:G4}"),
                Markup.Escape($"{f.Baseline}: {f.BaselineMean:G4}"),
                Markup.Escape($"{f.Effect:+0.####;-0.####;0} [{End(f.Low)}, {End(f.High)}]{(f.Margin == 0 ? "" : $" > {f.Margin:G3}")}"),
                f.Verdict == "reproduced" ? "[green]reproduced[/]" : $"[yellow]not-reproduced[/]: {Markup.Escape(f.Reason)}");
        }

        context.Out.Write(verdicts);
        var arms = new Table().Border(TableBorder.Minimal).AddColumns("arm", "measure", "mean", "by seed", "training s");
        foreach (var a in result.Arms)
        {
            arms.AddRow(Markup.Escape(a.Arm), Markup.Escape(a.Measure), $"{a.BySeed.Average():G4}", string.Join(" ", a.BySeed.Select(s => $"{s:G4}")), $"{a.Seconds.Average():F1}");
        }

        context.Out.Write(arms);
    }

    private static string End(double? value) => value is { } v ? $"{v:+0.####;-0.####;0}" : "∞";
}
