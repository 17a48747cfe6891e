namespace Heirloom.Data.Sets;

/// <summary>
/// A package ecosystem's own download program, as it is configured on this machine: Heirloom names no server.
/// Every concrete client with a parameterless constructor is found by reflection.
/// </summary>
public interface IPackageClient
{
    /// <summary>As <see cref="Package.Client"/> says it.</summary>
    string Name { get; }

    /// <summary>
    /// Whether other archives of the package may carry the same content: a distribution rebuilds its packages for every release, where a
    /// registry's version never changes. Where true, an archive with another checksum is opened and its content decides.
    /// </summary>
    bool Rebuilds { get; }

    /// <summary>What is missing before this client can download, in words for the user; null when it is ready.</summary>
    string? Missing();

    /// <summary>Downloads a package's archive.</summary>
    /// <param name="package">What to download.</param>
    /// <param name="state">A folder that the client may keep its own state in, for later downloads.</param>
    /// <param name="folder">An empty folder for this download alone, deleted afterwards whatever happens.</param>
    /// <param name="tick">To be called a few times a second while the client works.</param>
    /// <param name="stop">Asks to give up.</param>
    /// <returns>The archive's path, in <paramref name="folder"/>.</returns>
    /// <exception cref="UserError">The client is missing, there is no network, or the package is not served.</exception>
    /// <exception cref="OperationCanceledException">It was asked to give up.</exception>
    string Download(Package package, string state, string folder, Action tick, CancellationToken stop);
}
