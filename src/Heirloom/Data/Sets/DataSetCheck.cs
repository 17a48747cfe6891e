using static TorchSharp.torch;

namespace Heirloom.Data.Sets;

/// <summary>What was found in a set when it was read from beginning to end.</summary>
/// <param name="Set">The set.</param>
/// <param name="Items">Documents or images.</param>
/// <param name="Summary">Counts and sizes, in words.</param>
/// <param name="Problem">How it differs from its description; null where it does not.</param>
public sealed record DataSetCheck(DataSet Set, long Items, string Summary, string? Problem)
{
    /// <summary>Reads a whole set, downloading it where needed, and compares it with its description.</summary>
    /// <exception cref="UserError">It cannot be fetched.</exception>
    public static DataSetCheck Of(DataSetCatalog catalog, DataSet set) => set switch
    {
        TextDataSet text => Of(text, catalog.OpenText(set.Name)),
        ImageDataSet images => Of(images, catalog),
        _ => throw new NotSupportedException(set.GetType().Name),
    };

    private static DataSetCheck Of(TextDataSet set, IDocumentSource source)
    {
        var ids = new HashSet<string>();
        var splits = new HashSet<string>();
        long documents = 0, characters = 0;
        string? problem = null;
        foreach (var document in source.Read())
        {
            documents++;
            characters += document.Text.Length;
            problem ??= !ids.Add(document.Id) ? $"the id '{document.Id}' comes twice"
                : string.IsNullOrWhiteSpace(document.Text) ? $"'{document.Id}' is empty"
                : !document.Fields.Keys.ToHashSet().SetEquals(set.Fields) ? $"'{document.Id}' has the fields {string.Join(", ", document.Fields.Keys)}"
                : null;
            if (document.Fields.TryGetValue("split", out var split))
            {
                splits.Add(split);
            }
        }

        problem ??= documents != set.Count ? $"it should have {set.Count:N0} documents"
            : !splits.SetEquals(set.Splits) ? $"its splits are {string.Join(", ", splits)}"
            : null;
        return new(set, documents, $"{documents:N0} documents, {characters:N0} characters", problem);
    }

    private static DataSetCheck Of(ImageDataSet set, DataSetCatalog catalog)
    {
        using var images = catalog.OpenImages(set.Name);
        using var scope = NewDisposeScope();
        var (low, high) = (images.Images.min().item<float>(), images.Images.max().item<float>());
        var counts = images.Labels.bincount(null, set.Classes.Count);
        var problem = images.Count != set.Count || images.Labels.shape[0] != set.Count ? $"it should have {set.Count:N0} images"
            : low != 0 || high != 1 ? $"its values are {low} to {high}"
            : counts.shape[0] != set.Classes.Count || counts.min().item<long>() == 0 ? "its labels do not fit its classes"
            : null;
        return new(set, images.Count, $"{images.Count:N0} images of {string.Join(" x ", images.Images.shape[1..])}, {set.Classes.Count} classes", problem);
    }
}
