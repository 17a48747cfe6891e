namespace Heirloom.Data.Sets;

/// <summary>Where a data set comes from: one pinned version of a public package, downloaded by its ecosystem's ordinary client.</summary>
/// <param name="Client">The client's name, as <see cref="IPackageClient.Name"/> says it (<c>npm</c>, <c>deb</c>).</param>
/// <param name="Name">The package's name.</param>
/// <param name="Version">The exact version.</param>
/// <param name="Sha256">SHA-256 of the downloaded archive, in lower-case hex.</param>
/// <param name="Size">Bytes of the archive.</param>
public sealed record Package(string Client, string Name, string Version, string Sha256, long Size)
{
    public static Package Npm(string name, string version, long size, string sha256) => new("npm", name, version, sha256, size);

    public static Package Debian(string name, string version, long size, string sha256) => new("deb", name, version, sha256, size);

    public override string ToString() => $"{Client} {Name} {Version}";
}
