using Heirloom.Adaptation.Peft;
using Heirloom.Checkpoints;
using Heirloom.Models;
using Heirloom.Training.Registry;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>What a recipe leaves that trained an adapter: its own folder, and its effect in the model's weights.</summary>
internal static class AdapterResult
{
    public const string FolderName = "adapter";

    /// <summary>Writes the adapter and merges it, so that the run's checkpoint is the model that was scored; does nothing without an adapter.</summary>
    public static void Save(RunFolder run, Adapter? adapter, IModel model, string? baseModel, Lineage lineage, IReadOnlyList<IFolderPart> parts)
    {
        if (adapter is not null)
        {
            Adapters.Save(Path.Combine(run.Path, FolderName), new() { Adapter = adapter, Model = model, BaseModel = baseModel, Lineage = lineage, Parts = parts });
            adapter.Merge(model);
        }
    }
}
