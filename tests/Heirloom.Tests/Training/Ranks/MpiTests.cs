using Heirloom.Checkpoints;
using Heirloom.Cli;
using Heirloom.Tests.Cli;
using Heirloom.Training.Ranks;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Training.Ranks;

/// <summary>Real processes over a real MPI.</summary>
public sealed class MpiTests : IDisposable
{
    private const string Model = "{ kind: decoder, vocabulary_size: 300, context_length: 32, layers: 1, block: { width: 16, attention: { heads: 2 }, feed_forward: { width: 32 } } }";
    private readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    /// <summary>What ranks that mpirun starts do here: this assembly's own executable told to run this method alone.</summary>
    [Fact(Explicit = true)]
    public void Child()
    {
        using var ranks = new MpiRanks();
        var long1 = ranks.Gather(new byte[1000 * (ranks.Rank + 1)]);
        Assert.Equal([1000, 2000, 3000], long1.Select(b => b.Length));
        Assert.Equal([1, 1, 1], ranks.Gather([1]).Select(b => (int)b[0]));

        using var scope = NewDisposeScope();
        long[] counts = [2, 0, 3];
        var mine = zeros(counts[ranks.Rank]);
        Await(ranks.ReduceScatter(arange(5).to(float32).mul(ranks.Rank + 1), counts, mine));
        Assert.Equal(new float[][] { [0, 6], [], [12, 18, 24] }[ranks.Rank], mine.data<float>().ToArray());

        foreach (var type in new[] { ScalarType.Float32, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Bool })
        {
            var all = zeros(5, dtype: type);
            var start = counts.Take(ranks.Rank).Sum();
            all.narrow(0, start, counts[ranks.Rank]).fill_(1);
            Await(ranks.AllGather(all, counts));
            Assert.Equal(5, all.to(int64).sum().item<long>());
        }

        if (ranks.Rank == 2)
        {
            ranks.Send(arange(7), to: 0);
        }
        else if (ranks.Rank == 0)
        {
            var received = zeros(7, dtype: int64);
            ranks.Receive(received, from: 2);
            Assert.Equal(21, received.sum().item<long>());
        }
    }

    [Fact]
    public void CollectivesDoWhatTheySay()
    {
        MpiRun.SkipWithoutMpi();
        using var mpirun = MpiRun.Start(
            AppContext.BaseDirectory, 3, Path.Combine(AppContext.BaseDirectory, "Heirloom.Tests"), "-method", $"{typeof(MpiTests).FullName}.{nameof(Child)}", "-explicit", "only");
        var (code, output, error) = mpirun.Finish();
        Assert.True(code == 0, output + error);
    }

    [Fact]
    public void ARecipeRunByTwoProcessesIsThatOfOne()
    {
        MpiRun.SkipWithoutMpi();
        var recipe = Recipe(steps: 6, accumulate: 2);
        Assert.Equal(ExitCode.Ok, _terminal.Run("run", recipe, "--out", Path.Combine(_terminal.Folder, "alone")).Code);
        using var mpirun = MpiRun.Heirloom(_terminal.Folder, 2, "run", recipe, "--out", "both");
        var (code, output, error) = mpirun.Finish();
        Assert.True(code == ExitCode.Ok, output + error);
        Assert.Equal(1, output.Split("perplexity/letters").Length - 1); // one rank tells
        AssertSameWeights("alone", "both");
        Assert.Equal(6, File.ReadLines(Path.Combine(_terminal.Folder, "both", "metrics.jsonl")).Count());
    }

    [Fact]
    public void ARankThatDiesStopsAllAndAnotherNumberOfRanksGoesOn()
    {
        MpiRun.SkipWithoutMpi();
        var recipe = Recipe(steps: 24, accumulate: 4);
        var snapshots = Path.Combine(_terminal.Folder, "killed", "training");
        using (var mpirun = MpiRun.Heirloom(_terminal.Folder, 2, "run", recipe, "--out", "killed", "--set", "training.save_every=1"))
        {
            using var victim = MpiRun.Rank(mpirun, 1);
            using var leader = MpiRun.Rank(mpirun, 0);
            while (!Directory.Exists(snapshots) || Directory.GetDirectories(snapshots, "step-??????????").Length == 0)
            {
                Assert.False(mpirun.HasExited);
                Thread.Sleep(5);
            }

            victim.Kill();
            var (code, _, error) = mpirun.Finish();
            Assert.NotEqual(0, code);
            Assert.Contains("rank 1", error, StringComparison.Ordinal);

            // mpirun does not wait for those that it ends, and the leader has the folder until it is gone
            Assert.True(leader.WaitForExit(TimeSpan.FromSeconds(20)));
        }

        var resumed = _terminal.Run("run", recipe, "--resume", "--out", Path.Combine(_terminal.Folder, "killed"));
        Assert.True(resumed.Code == ExitCode.Ok, resumed.Error);
        Assert.Contains("resumed at step", resumed.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Ok, _terminal.Run("run", recipe, "--out", Path.Combine(_terminal.Folder, "whole")).Code);
        AssertSameWeights("whole", "killed");
    }

    [Fact]
    public void AMistakeIsToldOnce()
    {
        MpiRun.SkipWithoutMpi();
        using var mistaken = MpiRun.Heirloom(_terminal.Folder, 2, "run", Recipe(steps: 1, accumulate: 1), "--set", "training.stepz=3");
        var (code, _, error) = mistaken.Finish();
        Assert.Equal(ExitCode.UserError, code);
        Assert.Equal(2, error.Split("heirloom: ").Length);
        Assert.Contains("stepz", error, StringComparison.Ordinal);
        using var unshared = MpiRun.Heirloom(_terminal.Folder, 2, "data", "list");
        Assert.Contains("does not divide its work among processes", unshared.Finish().Error, StringComparison.Ordinal);
    }

    /// <summary>Here and not on another thread, to which tensors' scopes would not follow.</summary>
    private static void Await(Task travel) => travel.GetAwaiter().GetResult();

    private void AssertSameWeights(string a, string b)
    {
        using var scope = NewDisposeScope();
        using var first = Safetensors.Open(Path.Combine(_terminal.Folder, a, "checkpoint", "model.safetensors"));
        using var second = Safetensors.Open(Path.Combine(_terminal.Folder, b, "checkpoint", "model.safetensors"));
        foreach (var name in first.Entries.Keys)
        {
            Assert.True((first.Read(name) - second.Read(name)).abs().max().item<float>() < 1e-4, name);
        }
    }

    private string Recipe(int steps, int accumulate)
    {
        var text = Path.Combine(_terminal.Folder, "letters.txt");
        File.WriteAllText(text, string.Join("\n\n", Enumerable.Range(0, 60).Select(i => string.Concat(Enumerable.Range(0, 40).Select(j => (char)('a' + ((i * j) % 26)))))));
        var path = Path.Combine(_terminal.Folder, $"recipe-{steps}-{accumulate}.yaml");
        File.WriteAllText(path, $$"""
            kind: pretrain
            name: ranks
            sources: [{ name: letters, source: { kind: text, path: {{text}}, split: blank_lines } }]
            split: { validation: 0, test: 0.2 }
            tokenizer: { kind: byte_level_bpe, vocabulary_size: 280 }
            model: {{Model}}
            packing: { context_length: 16, batch_size: 4 }
            training:
              steps: {{steps}}
              accumulate: {{accumulate}}
              save_every: 20
              log_every: 1
              optimizer: { kind: adamw, epsilon: 0.0001 }
              precision: float32
            """);
        return path;
    }
}
