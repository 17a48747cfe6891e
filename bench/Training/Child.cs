using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace Heirloom.Bench.Training;

/// <summary>A side that runs in a process of its own.</summary>
internal sealed class Child : IDisposable
{
    /// <summary>First argument of a child.</summary>
    public const string Argument = "--side";

    private readonly Process _process;

    public Child(string job, string side)
    {
        var program = Environment.ProcessPath!;
        string[] arguments = [Argument, job, side];
        var start = Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? new ProcessStartInfo(program, [Assembly.GetExecutingAssembly().Location, .. arguments])
            : new ProcessStartInfo(program, arguments);
        (start.RedirectStandardInput, start.RedirectStandardOutput) = (true, true);
        _process = Process.Start(start)!;
    }

    /// <summary>One turn; its speed.</summary>
    public double Turn()
    {
        _process.StandardInput.WriteLine();
        _process.StandardInput.Flush();
        return _process.StandardOutput.ReadLine() is { } speed
            ? double.Parse(speed, CultureInfo.InvariantCulture)
            : throw new InvalidOperationException($"the process of a side ended with {(_process.WaitForExit(1000) ? _process.ExitCode : -1)}");
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
