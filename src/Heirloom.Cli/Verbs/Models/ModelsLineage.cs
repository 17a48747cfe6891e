using System.CommandLine;
using Heirloom.Checkpoints;

namespace Heirloom.Cli.Verbs.Models;

/// <summary><c>heirloom models lineage FOLDER [ROOT…]</c></summary>
internal static class ModelsLineage
{
    public static Command Build(CliContext context)
    {
        var folder = ModelsVerb.Folder();
        var roots = new Argument<string[]>("roots") { Description = "folders under which ancestors may lie, besides the runs", Arity = ArgumentArity.ZeroOrMore };
        var svg = new Option<string>("--svg") { Description = "write a picture to this file" };
        var html = new Option<string>("--html") { Description = "write a page to this file" };
        var command = new Command("lineage", "The family tree of a model") { folder, roots, svg, html };
        command.SetAction(parsed =>
        {
            var tree = LineageTree.Of(context.ModelFolder(parsed.GetRequiredValue(folder)), (parsed.GetValue(roots) ?? []).Append(context.RunsFolder));
            foreach (var line in LineageDrawing.Text(tree))
            {
                context.Line(line);
            }

            Write(parsed.GetValue(svg), () => LineageDrawing.Svg(tree));
            Write(parsed.GetValue(html), () => LineageDrawing.Html(tree));
            return ExitCode.Ok;
        });
        return command;

        void Write(string? file, Func<string> text)
        {
            if (file is not null)
            {
                Atomic.WriteText(file, text());
                context.ErrorLine($"wrote {file}");
            }
        }
    }
}
