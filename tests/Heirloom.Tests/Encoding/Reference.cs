using System.Text.Json;

namespace Heirloom.Tests.Encoding;

/// <summary>Encodings computed by the ecosystem's own library, beside the checkout where they are.</summary>
internal sealed record Reference(string Folder, IReadOnlyList<string> Lines, IReadOnlyList<int[]> IdsWithSpecial, IReadOnlyList<int[]> Ids, IReadOnlyList<string> Decoded)
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Reference? Find(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Heirloom.slnx")))
        {
            folder = folder.Parent;
        }

        // a checkout may be a work tree one level further down
        var found = new[] { folder?.Parent, folder?.Parent?.Parent }.Where(f => f is not null)
            .Select(f => Path.Combine(f!.FullName, "shared", "tokenizers", name)).FirstOrDefault(Directory.Exists);
        return found is null
            ? null
            : JsonSerializer.Deserialize<Reference>(File.ReadAllText(Path.Combine(found, "expected.json")), Options)! with { Folder = found };
    }
}
