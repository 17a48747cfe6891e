using System.CommandLine;
using System.Reflection;
using System.Text.Json;
using Heirloom.Bench;

var names = typeof(IJob).Assembly.GetTypes().Where(t => t is { IsInterface: false } && t.IsAssignableTo(typeof(IJob)))
    .ToDictionary(t => (string)t.GetProperty(nameof(IJob.Name), BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!, t => t.GetMethod(nameof(IJob.Run))!);
var only = new Option<string[]>("--only") { Description = $"jobs: {string.Join(", ", names.Keys.Order())}", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [.. names.Keys.Order()] };
var rounds = new Option<int>("--rounds") { Description = "turns of every side, the first a warm-up", DefaultValueFactory = _ => 6 };
var node = new Option<string?>("--node-modules") { Description = "folder with npm's tokenizers package: a peer" };
var llama = new Option<string?>("--llama2c") { Description = "llama2.c's program: a peer" };
var json = new Option<bool>("--json") { Description = "an array of comparisons instead of a table" };
var root = new RootCommand("Times whole jobs beside their peers, as ratios in one run.") { only, rounds, node, llama, json };
root.SetAction(parsed =>
{
    var options = new BenchOptions { Rounds = Math.Max(2, parsed.GetValue(rounds)), NodeModules = parsed.GetValue(node), Llama2C = parsed.GetValue(llama) };
    var chosen = parsed.GetValue(only)!.SelectMany(n => n.Split(',')).ToList();
    if (chosen.FirstOrDefault(n => !names.ContainsKey(n)) is { } unknown)
    {
        Console.Error.WriteLine($"bench: unknown job '{unknown}'; {UserError.Nearest(unknown, names.Keys)}");
        return 2;
    }

    var done = new List<Comparison>();
    foreach (var comparison in chosen.SelectMany(n => (IEnumerable<Comparison>)names[n].Invoke(null, [options])!))
    {
        done.Add(comparison);
        if (!parsed.GetValue(json))
        {
            Console.WriteLine(comparison);
        }
    }

    if (parsed.GetValue(json))
    {
        Console.WriteLine(JsonSerializer.Serialize(done.Select(c => new { name = c.Name, unit = c.Unit, machine = Machine.Description, speeds = c.Speeds }), new JsonSerializerOptions { WriteIndented = true }));
    }

    return 0;
});
return root.Parse(args).Invoke();
