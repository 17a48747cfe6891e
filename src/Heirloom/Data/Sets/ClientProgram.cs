using System.ComponentModel;
using System.Diagnostics;

namespace Heirloom.Data.Sets;

/// <summary>A program on the user's PATH (or at a path), run without a shell.</summary>
internal sealed class ClientProgram(string program)
{
    private static readonly TimeSpan _tickEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>Whether the program is there and starts.</summary>
    public bool Starts()
    {
        try
        {
            return Run(["--version"], Path.GetTempPath(), () => { }, CancellationToken.None).Code == 0;
        }
        catch (UserError)
        {
            return false;
        }
    }

    /// <summary>Runs to the end and returns the exit code and what was said on standard error (its last 4,000 characters).</summary>
    /// <exception cref="UserError">The program is not there.</exception>
    /// <exception cref="OperationCanceledException">It was stopped, and ended with all its children.</exception>
    public (int Code, string Said) Run(IEnumerable<string> arguments, string folder, Action tick, CancellationToken stop)
    {
        using var process = new Process
        {
            StartInfo = new(program, arguments)
            {
                WorkingDirectory = folder,
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new UserError($"cannot start '{program}'", null, "is it installed and on PATH?", e);
        }

        process.StandardInput.Close();
        process.OutputDataReceived += (_, _) => { };
        var said = new List<string>();
        process.ErrorDataReceived += (_, line) =>
        {
            if (!string.IsNullOrWhiteSpace(line.Data) && said.Count < 200)
            {
                said.Add(line.Data.Trim());
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        while (!process.WaitForExit(_tickEvery))
        {
            tick();
            if (stop.IsCancellationRequested)
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit();
                throw new OperationCanceledException(stop);
            }
        }

        process.WaitForExit(); // the overload above may return before the last line was delivered
        var text = string.Join(" / ", said);
        return (process.ExitCode, text.Length > 4000 ? text[^4000..] : text);
    }
}
