using Heirloom.Checkpoints;

namespace Heirloom.Tests.Checkpoints;

/// <summary>
/// Small models of every family and variant that another implementation built, with its outputs (see <c>References/parity/README.md</c>). A folder put there
/// is tested; nothing else has to be edited.
/// </summary>
public sealed class ParityReferenceTests
{
    private const double Tolerance = 1e-4;

    private static string Root => Path.Combine(AppContext.BaseDirectory, "References", "parity");

    public static TheoryData<string> Folders => [.. Directory.GetDirectories(Root).Where(folder => File.Exists(Path.Combine(folder, "config.json"))).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Gives_the_outputs_of_the_reference(string folder)
    {
        var outputs = Parity.Run(Path.Combine(Root, folder));
        Assert.NotEmpty(outputs);
        // written so that NaN fails too
        Assert.All(outputs, output => Assert.True(output.Difference <= (output.Name == "greedy" ? 0 : Tolerance), $"{output.Name} differs by {output.Difference:G3}"));
    }

    /// <summary>The page of measurements is of these folders and no others.</summary>
    [Fact]
    public void The_table_has_a_line_for_each_folder()
    {
        var lines = File.ReadAllLines(Path.Combine(Checkout.Root, "docs", "parity.md")).Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Skip(1).Select(l => l.Split('|', StringSplitOptions.TrimEntries)).ToList();
        Assert.Equal(Folders.Select(f => f.Data).Order(StringComparer.Ordinal), lines.Select(l => l[2]).Order(StringComparer.Ordinal));
        Assert.All(lines, l => Assert.True(double.Parse(l[4], System.Globalization.CultureInfo.InvariantCulture) <= Tolerance, l[2]));
    }

    /// <summary>What is loaded and saved is the same tensors under the family's own names, and the saved folder gives the reference's outputs.</summary>
    [Theory]
    [MemberData(nameof(Folders))]
    public void Loads_and_saves_tensor_for_tensor(string folder)
    {
        using var scratch = new Scratch();
        using var scope = TorchSharp.torch.NewDisposeScope();
        var (source, saved) = (Path.Combine(Root, folder), scratch.File("saved"));
        var loaded = Checkpoint.Load(source);
        Assert.Empty(loaded.Report.Missing);
        Checkpoint.Save(saved, new() { Model = loaded.Model, Remainder = loaded.Remainder, Lineage = new() { Method = "copy", Settings = "", Seed = 1 } });
        // one of two spellings is written as it came, others as the family's own
        using (var before = WeightsFolder.Open(Path.Combine(Root, folder.EndsWith("--parametrizations", StringComparison.Ordinal) ? folder : folder.Split("--")[0])))
        using (var after = WeightsFolder.Open(saved))
        {
            Assert.Equal(before.Entries.Keys.Order(), after.Entries.Keys.Order());
            // a spelling may store in another type
            Assert.All(before.Entries.Keys.Where(name => before.Entries[name].Type == after.Entries[name].Type),
                name => Assert.True(before.Read(name).bytes.SequenceEqual(after.Read(name).bytes), name));
        }

        File.Copy(Path.Combine(source, Parity.FileName), Path.Combine(saved, Parity.FileName));
        Assert.All(Parity.Run(saved), output => Assert.True(output.Difference <= Tolerance, $"{output.Name} differs by {output.Difference:G3} after saving"));
    }
}
