using System.CommandLine;

namespace Heirloom.Cli;

/// <summary>A word after <c>heirloom</c>. Every implementation in this assembly with a parameterless constructor is found by reflection.</summary>
public interface IVerb
{
    /// <summary>The heading under which <c>heirloom --help</c> lists it: one of <see cref="VerbGroup"/> or a new one.</summary>
    string Group => VerbGroup.Other;

    /// <summary>Its arguments, options, subcommands and actions. Nothing runs here.</summary>
    Command Build(CliContext context);
}

/// <summary>Headings of the help page, in its order.</summary>
public static class VerbGroup
{
    public const string Start = "Start here";
    public const string Train = "Train and evaluate";
    public const string Models = "Data and models";
    public const string Papers = "Published systems";
    public const string Other = "More";

    internal static IReadOnlyList<string> Order { get; } = [Start, Train, Models, Papers, Other];
}
