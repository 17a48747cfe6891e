using System.CommandLine;

namespace Heirloom.Cli.Ranks;

/// <summary>A verb whose work is divided among the processes that <c>mpirun</c> starts; any other refuses to be started several times.</summary>
internal sealed class SharedCommand(string name, string description) : Command(name, description);
