using System.CommandLine;

namespace Heirloom.Bench;

/// <summary><c>heirloom bench</c>.</summary>
internal static class BenchCommand
{
    public static RootCommand Build()
    {
        var names = JobCatalog.All.Keys.Order().ToArray();
        var only = new Option<string[]>("--only") { Description = $"jobs, by commas: {string.Join(", ", names)}", HelpName = "a,b", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => names };
        var rounds = new Option<int>("--rounds") { Description = "turns of every side, the first a warm-up", DefaultValueFactory = _ => 6 };
        var node = new Option<string?>("--node-modules") { Description = "folder with npm's tokenizers package: a peer", HelpName = "FOLDER" };
        var llama = new Option<string?>("--llama2c") { Description = "llama2.c's program: a peer", HelpName = "PROGRAM" };
        var json = new Option<bool>("--json") { Description = "an array of figures instead of lines of text" };
        var record = new Option<string?>("--record") { Description = "puts the figures into results.json and results.md of a folder", HelpName = "FOLDER" };
        var root = new RootCommand("Times whole jobs beside straightforward code, peers and the machine's peaks, as ratios in one run.") { only, rounds, node, llama, json, record };
        root.SetAction(parsed => Run(
            [.. parsed.GetValue(only)!.SelectMany(n => n.Split(','))],
            new() { Rounds = Math.Max(2, parsed.GetValue(rounds)), NodeModules = parsed.GetValue(node), Llama2C = parsed.GetValue(llama) },
            parsed.GetValue(json),
            parsed.GetValue(record)));
        return root;
    }

    private static int Run(IReadOnlyList<string> chosen, BenchOptions options, bool json, string? record)
    {
        if (chosen.FirstOrDefault(n => !JobCatalog.All.ContainsKey(n)) is { } unknown)
        {
            Console.Error.WriteLine($"bench: unknown job '{unknown}'; {UserError.Nearest(unknown, JobCatalog.All.Keys)}");
            return 2;
        }

        var done = new List<Comparison>();
        foreach (var comparison in chosen.SelectMany(name => JobCatalog.Run(name, options)))
        {
            done.Add(comparison);
            if (!json)
            {
                Console.WriteLine(comparison);
            }
        }

        if (json)
        {
            Console.WriteLine(Result.ToJson(done.Select(Result.Of)));
        }

        if (record is not null)
        {
            Table.Record(record, done, DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime));
        }

        return 0;
    }
}
