using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Heirloom.Checkpoints;

/// <summary><c>lineage.json</c> in a model folder.</summary>
public static class LineageFile
{
    public const string Name = "lineage.json";

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>The lineage of a model folder; null where the folder has none, as those of other tools.</summary>
    /// <exception cref="UserError">Damaged, or written by a newer version.</exception>
    public static Lineage? Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            return null;
        }

        var json = JsonFile.ParseObject(path);
        // before anything else: a newer shape may lack what this one requires
        if (json["format"] is { } node && node.GetValueKind() == JsonValueKind.Number
            && node.AsValue().TryGetValue<double>(out var format) && format > Lineage.CurrentFormat)
        {
            throw new UserError($"has format {format}, newer than the {Lineage.CurrentFormat} that this version reads", path, "update Heirloom");
        }

        try
        {
            return json.Deserialize<Lineage>(Options) is { Parents.IsDefault: false, Licenses.IsDefault: false } lineage
                ? lineage
                : throw new JsonException("a list is null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException or NotSupportedException)
        {
            throw new UserError("is no lineage that this version knows", path, "it was edited by hand: restore it, or remove it to load the weights without it", e);
        }
    }

    internal static string Write(Lineage lineage) => JsonSerializer.Serialize(lineage, Options) + "\n";
}
