using System.Text.Json;
using Heirloom.Data;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>The classes of a classifier, kept beside its weights.</summary>
internal sealed class LabelNames(LabelSet labels) : IFolderPart
{
    public const string FileName = "labels.json";

    /// <exception cref="UserError">None there, or damaged.</exception>
    public static LabelSet Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            return File.Exists(path) && JsonSerializer.Deserialize<Content>(File.ReadAllText(path)) is { Field: { } field, Names: { } names }
                ? new(field, [.. names])
                : throw new UserError($"holds no {FileName}, so its classes have no names", folder, "evaluate a classifier that 'fine_tune' made");
        }
        catch (JsonException e)
        {
            throw new UserError("is not a list of classes", path, "fine-tune again", e);
        }
    }

    public void WriteTo(string folder) => File.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(new Content(labels.Field, [.. labels.Names])));

    private sealed record Content(string Field, string[] Names);
}
