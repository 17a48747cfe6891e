using Heirloom.Cli;
using Heirloom.Data.Sets;

namespace Heirloom.Tests.Cli;

public sealed class DataVerbTests : IDisposable
{
    private readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void List_shows_every_set_with_licence_and_without_the_network()
    {
        var (code, text, _) = _terminal.Run("data", "list");
        Assert.Equal(ExitCode.Ok, code);
        Assert.All(new DataSetCatalog(new()).Sets, set => Assert.Contains($" {set.Name} ", text));
        Assert.DoesNotContain("yes", text);
    }

    [Fact]
    public void Show_tells_terms_and_fields_of_a_set_that_is_not_here()
    {
        var (code, text, _) = _terminal.Run("data", "show", "sotu");
        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("licence   CC0-1.0", text);
        Assert.Contains("fields    year, president, party", text);
        Assert.Contains("not here", text);
    }

    [Theory]
    [InlineData("did you mean 'brown'", "data", "get", "browne")]
    [InlineData("did you mean 'sotu'", "data", "show", "sottu")]
    [InlineData("name the sets or say --all", "data", "get")]
    [InlineData("name the sets or say --all", "data", "get", "sotu", "--all")]
    [InlineData("name one set", "data", "get", "sotu", "brown", "--from", "x.tgz")]
    [InlineData("no such file", "data", "get", "sotu", "--from", "x.tgz")]
    public void Mistakes_get_one_line(string expected, params string[] words)
    {
        var (code, _, error) = _terminal.Run(words);
        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains(expected, error);
        Assert.Single(error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void An_archive_that_is_not_the_pinned_one_is_refused()
    {
        var path = Path.Combine(_terminal.Folder, "x.tgz");
        File.WriteAllBytes(path, [0x1F, 0x8B, 8, 0]);
        var (code, _, error) = _terminal.Run("data", "get", "sotu", "--from", path);
        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains("x.tgz", error);
    }
}
