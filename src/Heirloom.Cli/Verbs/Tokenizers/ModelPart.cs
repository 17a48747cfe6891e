using Heirloom.Checkpoints;
using Heirloom.Cli.Recipes;
using Heirloom.Encoding;
using Heirloom.Models;

namespace Heirloom.Cli.Verbs.Tokenizers;

/// <summary>A tokenizer, alone or beside a model that follows what becomes of it.</summary>
internal sealed record ModelPart(Heirloom.Encoding.Tokenizer Tokenizer, StartingPoint? Model)
{
    public static ModelPart Find(string path, WorkContext work, CliContext context)
    {
        if (File.Exists(path) || (Directory.Exists(path) && !File.Exists(Path.Combine(path, "config.json")) && File.Exists(Path.Combine(path, TokenizerFile.FileName))))
        {
            return new(TokenizerFile.Load(path), null);
        }

        var start = StartingPoint.Find(path, new(work, context.RunsFolder));
        return new(start.Tokenizer, start);
    }

    /// <summary>Writes the tokenizer, and the model with other rows where there is one.</summary>
    public void Write(string output, Heirloom.Encoding.Tokenizer tokenizer, string method, Seed seed, string settings, WorkContext work, Func<IModel, IModel> change)
    {
        if (Model is null)
        {
            TokenizerVerb.Write(tokenizer, output);
            return;
        }

        var loaded = Model.Load<IModel>(work);
        using var old = loaded.Model.Module;
        var changed = change(loaded.Model);
        using var module = changed.Module;
        Checkpoint.Save(output, new()
        {
            Model = changed,
            Remainder = Enumerable.Range(0, Tokenizer.VocabularySize).All(id => Tokenizer.TokenOf(id) == tokenizer.TokenOf(id)) ? loaded.Remainder : loaded.Remainder.WithoutTokens(),
            Parts = [tokenizer],
            Lineage = new()
            {
                Method = method,
                Parents = [new(loaded.WeightsHash, Model.Folder, "start")],
                Settings = settings,
                Seed = seed.Value,
                Licenses = loaded.Lineage?.Licenses ?? [],
                Code = Machine.CodeVersion,
                Date = work.Clock.GetUtcNow().ToString("s") + "Z",
            },
        });
    }
}
