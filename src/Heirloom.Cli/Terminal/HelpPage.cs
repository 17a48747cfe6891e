using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Spectre.Console;

namespace Heirloom.Cli.Terminal;

/// <summary><c>heirloom --help</c> lists the verbs by group; a verb's own help is the library's.</summary>
internal sealed class HelpPage(IReadOnlyList<(string Group, Command Command)> verbs, CliContext context) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command is not RootCommand root)
        {
            return new HelpAction().Invoke(parseResult);
        }

        context.Out.MarkupLine($"[bold]heirloom[/] {Markup.Escape(CommandLine.Version.Split('+')[0])}  {Markup.Escape(root.Description ?? "")}");
        context.Out.MarkupLine("usage: heirloom [grey]<verb> [[options]][/]");
        var width = verbs.Select(v => v.Command.Name.Length).DefaultIfEmpty(0).Max();
        foreach (var group in verbs.GroupBy(v => v.Group))
        {
            context.Out.WriteLine();
            context.Out.MarkupLine($"[bold]{Markup.Escape(group.Key)}[/]");
            foreach (var (_, command) in group)
            {
                context.Out.MarkupLine($"  [blue]{Markup.Escape(command.Name.PadRight(width))}[/]  {Markup.Escape(command.Description ?? "")}");
            }
        }

        context.Out.WriteLine();
        context.Out.MarkupLine("[bold]For every verb[/]");
        foreach (var option in root.Options.OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            context.Out.MarkupLine($"  [blue]{Markup.Escape(option.Name.PadRight(Math.Max(width, 9)))}[/]  {Markup.Escape(option.Description ?? "")}");
        }

        context.Out.WriteLine();
        context.Out.MarkupLine("[grey]heirloom <verb> --help says more about a verb.[/]");
        return ExitCode.Ok;
    }
}
