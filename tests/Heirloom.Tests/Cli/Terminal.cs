using Heirloom.Cli;
using Spectre.Console.Testing;

namespace Heirloom.Tests.Cli;

/// <summary>The program in this process: a command line in, exit code and text out.</summary>
public sealed class Terminal : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Folder => _folder.Path;

    /// <summary>Runs <c>heirloom</c> with these words.</summary>
    public (int Code, string Out, string Error) Run(params string[] words) => Run(default, words);

    public (int Code, string Out, string Error) Run(CancellationToken stop, params string[] words)
    {
        using TestConsole output = new(), error = new();
        output.Profile.Width = error.Profile.Width = 160;
        var context = new CliContext(output, error, stop)
        {
            Places = new() { Cache = _folder / "cache", HubCache = _folder / "hub" },
            RunsFolder = _folder / "runs",
        };
        var code = CommandLine.Run(words, context).GetAwaiter().GetResult();
        return (code, output.Output, error.Output);
    }

    public string Write(string name, string text)
    {
        var path = _folder / name;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => _folder.Dispose();
}
