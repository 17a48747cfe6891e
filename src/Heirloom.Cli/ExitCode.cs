namespace Heirloom.Cli;

/// <summary>What the program returns to the shell.</summary>
public static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The work was done and its check failed: a verdict, a comparison, a verification.</summary>
    public const int CheckFailed = 1;

    /// <summary>A mistake that the person can mend.</summary>
    public const int UserError = 2;

    /// <summary>A mistake of this program.</summary>
    public const int Unexpected = 70;

    /// <summary>Ctrl-C, after everything was saved.</summary>
    public const int Interrupted = 130;
}
