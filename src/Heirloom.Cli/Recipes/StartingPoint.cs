using Heirloom.Checkpoints;
using Heirloom.Core.Downloads;
using Heirloom.Encoding;
using Heirloom.Models;
using Heirloom.Training.Registry;
using static TorchSharp.torch;

namespace Heirloom.Cli.Recipes;

/// <summary>The checkpoint that a recipe starts from.</summary>
internal sealed record StartingPoint(string Folder, Tokenizer Tokenizer)
{
    /// <summary>Finds a checkpoint by its folder, by the id or name of the run that left it, or on the hub (<c>hf:org/name</c>).</summary>
    /// <exception cref="UserError">There is none, or it has no tokenizer.</exception>
    public static StartingPoint Find(string from, RecipeContext context)
    {
        var folder = FolderOf(from, context);
        return new(folder, TokenizerFile.Load(folder));
    }

    /// <summary>The folder of a checkpoint of any kind, with or without a tokenizer.</summary>
    /// <exception cref="UserError">There is none.</exception>
    public static string FolderOf(string from, RecipeContext context)
    {
        from = HubClient.Folder(from, context.Work);
        var folder = IsCheckpoint(from) ? from
            : Directory.Exists(from) && IsCheckpoint(Path.Combine(from, RunFolder.CheckpointName)) ? Path.Combine(from, RunFolder.CheckpointName)
            : OfRun(from, context);

        // configuration before weights: a newer or unknown checkpoint is refused at once
        Checkpoint.ReadConfig(folder);
        LineageFile.Read(folder);
        return Path.GetFullPath(folder);
    }

    /// <summary>The model with its weights on the device; its embedding is checked against the tokenizer.</summary>
    /// <param name="work">Where it computes.</param>
    /// <param name="type">Of its weights; null for the type that they are stored in.</param>
    public LoadedCheckpoint<TModel> Load<TModel>(WorkContext work, ScalarType? type = null)
        where TModel : IModel
    {
        var loaded = Checkpoint.LoadAs<TModel>(Folder, new() { Device = work.Device, Type = type });
        if (loaded.Model is ITokenEncoder encoder)
        {
            VocabularyCheck.Require(Tokenizer.VocabularySize, encoder.VocabularySize, Folder);
        }

        return loaded;
    }

    private static bool IsCheckpoint(string folder) => File.Exists(Path.Combine(folder, "config.json"));

    private static string OfRun(string from, RecipeContext context)
    {
        if (Directory.Exists(from))
        {
            throw new UserError("is not a checkpoint: it holds no config.json", from, "name a model folder or a run");
        }

        RegisteredRun run;
        try
        {
            run = new RunRegistry(context.RunsFolder).Find(from);
        }
        catch (UserError e)
        {
            throw new UserError($"there is no checkpoint '{from}'", "from", "name a model folder, or a run (see 'heirloom runs list')", e);
        }

        var folder = Path.Combine(run.Folder, RunFolder.CheckpointName);
        return IsCheckpoint(folder) ? folder : throw new UserError($"the run '{run.Id}' left no checkpoint", "from", "resume it first, or name another");
    }
}
