using System.Diagnostics;
using Heirloom.Checkpoints;
using static TorchSharp.torch;

namespace Heirloom.Tests.Checkpoints;

/// <summary>SIGKILL while a folder is written over leaves the one that was there or the one that was to be, never a mixture.</summary>
public sealed class SaveKillTests
{
    /// <summary>The program that is killed: this assembly's own executable told to run this method alone; it reads the folder from its input and saves until it dies.</summary>
    [Fact(Explicit = true)]
    public void Child()
    {
        var folder = Console.ReadLine()!;
        for (var seed = 1UL; ; seed++)
        {
            using var scope = NewDisposeScope();
            Checkpoint.Save(folder, new() { Model = Model(seed), Lineage = new() { Method = "pretrain", Settings = "", Seed = seed }, MaxShardBytes = 20_000 });
        }
    }

    [Fact]
    public void A_kill_leaves_one_whole_checkpoint()
    {
        using var scratch = new Scratch();
        var folder = scratch.File("model");
        var random = new Seed((ulong)Environment.ProcessId).Random();
        for (var i = 0; i < 3; i++)
        {
            using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["-method", $"{typeof(SaveKillTests).FullName}.{nameof(Child)}", "-explicit", "only"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            var before = Directory.Exists(folder) ? Directory.GetLastWriteTimeUtc(folder) : default;
            child.StandardInput.WriteLine(folder);
            while (!child.HasExited && !(Directory.Exists(folder) && Directory.GetLastWriteTimeUtc(folder) > before))
            {
                Thread.Sleep(1);
            }

            Thread.Sleep(random.Next(60));
            Assert.False(child.HasExited, "the child ended by itself");
            child.Kill();
            child.WaitForExit();

            using var scope = NewDisposeScope();
            var loaded = Checkpoint.Load(folder);
            Assert.True(loaded.Report.IsExact, loaded.Report.ToString());
            var expected = Model(loaded.Lineage!.Seed).Module.state_dict();
            Assert.All(loaded.Model.Module.state_dict(), pair => Assert.True(pair.Value.equal(expected[pair.Key]).all().item<bool>(), $"{pair.Key} is of another save"));
        }
    }

    private static Heirloom.Models.IModel Model(ulong seed) => new CheckpointToyConfig { Width = 128 }.Build(new Seed(seed));
}
