using System.Reflection;
using Heirloom.Core.Ranks;

namespace Heirloom.Cli;

/// <summary>One line for whatever went wrong, and the exit code for it.</summary>
internal static class Failure
{
    public static int Report(Exception exception, IReadOnlyList<string> args, CliContext context)
    {
        var cause = Unwrap(exception);
        switch (cause)
        {
            case UserError error:
                context.ErrorLine($"heirloom: {OneLine(error.Message)}");
                return ExitCode.UserError;
            case SharedFailure { UserError: true } failure:
                context.ErrorLine($"heirloom: {OneLine(failure.Message)}");
                return ExitCode.UserError;
            case OperationCanceledException when context.Stop.IsCancellationRequested:
                return ExitCode.Interrupted;
            default:
                context.ErrorLine($"heirloom: unexpected {cause.GetType().Name}: {Short(OneLine(cause.Message))}; details in {Log(exception, args, context)}");
                return ExitCode.Unexpected;
        }
    }

    private static Exception Unwrap(Exception e) => e switch
    {
        TargetInvocationException { InnerException: { } inner } => Unwrap(inner),
        AggregateException { InnerExceptions.Count: > 0 } many => Unwrap(many.InnerExceptions.FirstOrDefault(i => i is UserError) ?? many.InnerExceptions[0]),
        _ => e,
    };

    private static string Log(Exception exception, IReadOnlyList<string> args, CliContext context)
    {
        var path = Path.Combine(context.Places.Cache, "logs", $"{context.Clock.GetUtcNow():yyyyMMdd-HHmmss}-{Environment.ProcessId}.log");
        var text = $"heirloom {CommandLine.Version} on {Environment.OSVersion}, .NET {Environment.Version}\nheirloom {string.Join(' ', args)}\n\n{exception}\n";
        try
        {
            Atomic.WriteText(path, text);
            return path;
        }
        catch (UserError)
        {
            context.ErrorLine(text);
            return "the lines above";
        }
    }

    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private static string Short(string text) => text.Length <= 300 ? text : text[..300] + " …";
}
