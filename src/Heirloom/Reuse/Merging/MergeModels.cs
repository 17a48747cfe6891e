using Heirloom.Reuse.MergeRecipes;

namespace Heirloom.Reuse.Merging;

/// <summary>All models of a recipe, opened.</summary>
internal sealed class MergeModels : IDisposable
{
    private readonly Dictionary<string, MergeModel> _models = [];

    public MergeModels(MergeRecipe recipe, IReadOnlyDictionary<string, string> folders)
    {
        try
        {
            foreach (var name in recipe.Models)
            {
                _models.Add(name, new(name, folders.GetValueOrDefault(name, name)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>In the order of the recipe, the base first.</summary>
    public IReadOnlyDictionary<string, MergeModel> ByName => _models;

    public void Dispose()
    {
        foreach (var model in _models.Values)
        {
            model.Dispose();
        }
    }
}
