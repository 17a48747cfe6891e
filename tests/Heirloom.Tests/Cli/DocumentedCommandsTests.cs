using System.Text.RegularExpressions;
using Heirloom.Cli;

namespace Heirloom.Tests.Cli;

/// <summary>Commands shown in the README and the docs exist as they are written there.</summary>
public sealed partial class DocumentedCommandsTests
{
    public static TheoryData<string> Commands => [.. new[] { "README.md", "docs/adding-a-method.md", "docs/adding-a-verb.md", "docs/using-a-model.md", "docs/learning-tokenizers.md", "docs/growing.md", "docs/adapters.md", "docs/hub.md", "docs/tokenizers.md", "docs/model-files.md", "docs/scaling.md", "docs/merging.md", "docs/assembling.md" }
        .SelectMany(f => Shown().Matches(File.ReadAllText(Checkout.Folder(f))).Select(m => m.Groups["words"].Value.Trim()))
        .Where(c => !c.StartsWith("bench", StringComparison.Ordinal)) // a program of its own: BenchTests
        .Distinct()];

    [Theory]
    [MemberData(nameof(Commands))]
    public void IsUnderstood(string command)
    {
        using var terminal = new Terminal();

        // "--help" in place of the last words shows that the verbs exist; options are parsed before it takes over
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries).TakeWhile(w => !w.StartsWith('-') && !w.Contains('|', StringComparison.Ordinal) && char.IsLower(w[0]) && !w.Contains('.', StringComparison.Ordinal));
        var (code, output, error) = terminal.Run([.. words, "--help"]);

        Assert.Equal((ExitCode.Ok, ""), (code, error));
        foreach (Match option in Option().Matches(command))
        {
            Assert.Contains(option.Value, output, StringComparison.Ordinal);
        }
    }

    [GeneratedRegex(@"(?:\./|`|^\s*)heirloom (?<words>[a-z][^`#\n]*)", RegexOptions.Multiline)]
    private static partial Regex Shown();

    [GeneratedRegex("--[a-z][a-z-]+")]
    private static partial Regex Option();
}
