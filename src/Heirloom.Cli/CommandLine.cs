using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using System.Text.RegularExpressions;
using Heirloom.Cli.Ranks;

namespace Heirloom.Cli;

/// <summary>The verb tree, and the one place where failures become exit codes.</summary>
public static class CommandLine
{
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    /// <summary>Runs one command line and returns its exit code; never throws.</summary>
    public static async Task<int> Run(IReadOnlyList<string> args, CliContext context)
    {
        try
        {
            return await Dispatch(args, context).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return context.Launch is { Rank: > 0 } ? ExitCode.UserError : Failure.Report(e, args, context);
        }
    }

    /// <summary>Every verb of this assembly, by group and name.</summary>
    internal static IReadOnlyList<(string Group, Command Command)> Verbs(CliContext context) =>
        [.. typeof(CommandLine).Assembly.GetTypes()
            .Where(t => t is { IsAbstract: false, IsInterface: false } && typeof(IVerb).IsAssignableFrom(t))
            .Select(t => (IVerb)Activator.CreateInstance(t)!)
            .Select(v => (v.Group, Command: v.Build(context)))
            .OrderBy(v => VerbGroup.Order.Contains(v.Group) ? VerbGroup.Order.ToList().IndexOf(v.Group) : int.MaxValue)
            .ThenBy(v => v.Group, StringComparer.Ordinal).ThenBy(v => v.Command.Name, StringComparer.Ordinal)];

    private static async Task<int> Dispatch(IReadOnlyList<string> args, CliContext context)
    {
        var verbs = Verbs(context);
        var root = new RootCommand("Pretrain once; inherit for ever.");
        var device = new Option<string>("--device") { Recursive = true, Description = "where to compute: cpu, cuda, cuda:1", DefaultValueFactory = _ => "cpu" };
        var threads = new Option<int?>("--threads") { Recursive = true, Description = "threads of tensor operations (default: all cores)" };
        var quiet = new Option<bool>("--quiet") { Recursive = true, Description = "no progress and no notes" };
        root.Options.Add(device);
        root.Options.Add(threads);
        root.Options.Add(quiet);
        foreach (var (_, command) in verbs)
        {
            root.Subcommands.Add(command);
        }

        root.Options.OfType<HelpOption>().Single().Action = new Terminal.HelpPage(verbs, context);
        root.Options.OfType<VersionOption>().Single().Action = new LineAction(context, () => $"heirloom {Version}");
        root.SetAction(parsed => new Terminal.HelpPage(verbs, context).Invoke(parsed));

        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction)
        {
            throw Mistyped(parsed);
        }

        context.Args = args;
        context.Quiet = parsed.GetValue(quiet);
        context.Device = Compute.Check(parsed.GetValue(device)!, parsed.GetValue(threads), context.Launch);
        var configuration = new InvocationConfiguration
        {
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
            Output = context.Out.Profile.Out.Writer,
            Error = context.Error.Profile.Out.Writer,
        };
        var code = context.Launch is null
            ? await parsed.InvokeAsync(configuration, context.Stop).ConfigureAwait(false)
            : LaunchedRanks.Run(context, args, parsed.CommandResult.Command is SharedCommand, parsed.GetValue(device)!, () => parsed.Invoke(configuration));
        return context.Stop.IsCancellationRequested ? ExitCode.Interrupted : code;
    }

    private static UserError Mistyped(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = command is RootCommand ? null : string.Join(' ', Path(parsed.CommandResult));
        var unknown = parsed.UnmatchedTokens.Count > 0 ? parsed.UnmatchedTokens[0] : null;
        return unknown is not null && (command.Subcommands.Count > 0 || unknown.StartsWith('-'))
            ? new UserError($"unknown {(unknown.StartsWith('-') ? "option" : "verb")} '{unknown}'", path, Nearest(unknown, command, parsed))
            : new UserError(Plain(parsed.Errors[0].Message), path, string.Join(' ', new[] { "see heirloom", path, "--help" }.OfType<string>()));
    }

    /// <summary>The parser's message in one line, without the names of our types.</summary>
    private static string Plain(string message) =>
        Regex.Replace(message.ReplaceLineEndings(" "), " as expected type '[^']*'", "").Replace(" Did you mean one of the following?", " valid:", StringComparison.Ordinal).TrimEnd('.', ' ');

    private static string Nearest(string typed, Command command, ParseResult parsed) => typed.StartsWith('-')
        ? UserError.Nearest(typed, command.Options.Concat(parsed.RootCommandResult.Command.Options.Where(o => o.Recursive)).Select(o => o.Name))
        : UserError.Nearest(typed, command.Subcommands.Select(c => c.Name));

    private static IEnumerable<string> Path(System.CommandLine.Parsing.CommandResult result) =>
        result.Parent is System.CommandLine.Parsing.CommandResult parent ? [.. Path(parent), result.Command.Name] : [];

    private sealed class LineAction(CliContext context, Func<string> line) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            context.Line(line());
            return ExitCode.Ok;
        }
    }
}
