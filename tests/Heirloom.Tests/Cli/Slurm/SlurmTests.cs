using System.Diagnostics;
using Heirloom.Cli;
using Heirloom.Cli.Slurm;

namespace Heirloom.Tests.Cli.Slurm;

/// <summary>What is submitted; that a real Slurm takes and runs it is tests/cluster/slurm.sh.</summary>
public class SlurmTests
{
    private static readonly SlurmJob Job = new() { Name = "sotu", Command = ["dotnet", "it's here/heirloom.dll", "run", "a b.yaml"], Folder = "/home/me" };

    [Fact]
    public void TheSubmissionsOwnWordsAreLeftOut() => Assert.Equal(
        ["run", "r.yaml", "--set", "a=1", "--resume"],
        SlurmOptions.Without(["run", "r.yaml", "--slurm", "--ranks", "4", "--set", "a=1", "--sbatch=--mem=1G", "--sbatch", "--time=1:00", "--ranks=2", "--resume"]));

    [Fact]
    public void ArraysDependenciesAndRanksAreSaid()
    {
        Assert.DoesNotContain(Job.Arguments, a => a.StartsWith("--array", StringComparison.Ordinal) || a.StartsWith("--dependency", StringComparison.Ordinal));
        Assert.Contains("--array=0-4", (Job with { Array = 5 }).Arguments);
        Assert.Contains("--dependency=afterok:12", (Job with { After = "12" }).Arguments);
        Assert.Contains("--ntasks=8", (Job with { Ranks = 8 }).Arguments);
        Assert.Equal("--mem=1G", (Job with { Options = ["--mem=1G"] }).Arguments[^1]); // the user has the last word
        Assert.Contains("exec 'mpirun' '-np' '8' 'dotnet'", (Job with { Ranks = 8 }).Script, StringComparison.Ordinal);
    }

    [Fact]
    public void TheShellGivesTheProgramTheWordsThatItWasGiven()
    {
        Assert.SkipUnless(File.Exists("/bin/sh"), "there is no shell");
        var script = (Job with { Command = ["printf", "%s|", "it's here", "a b", "$HOME", SlurmJob.Index] }).Script;
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, Environment = { ["SLURM_ARRAY_TASK_ID"] = "3" } })!;
        shell.StandardInput.Write(script);
        shell.StandardInput.Close();
        Assert.Equal("it's here|a b|$HOME|3|", shell.StandardOutput.ReadToEnd());
    }

    [Theory]
    [InlineData("--ranks", "2")]
    [InlineData("--sbatch", "--time=1")]
    public void OptionsOfASubmissionNeedOne(params string[] words)
    {
        using var terminal = new Terminal();
        var (code, _, error) = terminal.Run(["run", Path.Combine(Checkout.Folder("recipes"), "pretrain.yaml"), .. words]);
        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains("belong to --slurm", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ARepetitionAloneIsKeptForTheRunOfAll()
    {
        using var terminal = new Terminal();
        string[] paper = ["papers", "run", "64", "--profile", "smoke", "--seeds", "2", "--out", Path.Combine(terminal.Folder, "out")];
        foreach (var repetition in new[] { "1", "0" })
        {
            var (code, output, error) = terminal.Run([.. paper, "--repetition", repetition]);
            Assert.True(code == ExitCode.Ok, error);
            Assert.DoesNotContain("Claim", output, StringComparison.Ordinal);
        }

        var kept = Directory.GetFiles(Path.Combine(terminal.Folder, "out"), "*.json", SearchOption.AllDirectories).ToDictionary(f => f, File.GetLastWriteTimeUtc);
        Assert.Contains("Claim", terminal.Run(paper).Out, StringComparison.Ordinal);
        Assert.All(kept, f => Assert.Equal(f.Value, File.GetLastWriteTimeUtc(f.Key))); // nothing was trained again
        Assert.Equal(ExitCode.UserError, terminal.Run([.. paper, "--repetition", "2"]).Code);
    }
}
