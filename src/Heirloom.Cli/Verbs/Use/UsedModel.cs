using System.CommandLine;
using Heirloom.Adaptation.Peft;
using Heirloom.Cli.Recipes;
using Heirloom.Encoding;
using Heirloom.Generation.Text;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Cli.Verbs.Use;

/// <summary>A model that was opened to be used: weights, tokenizer, and what its folder says of how.</summary>
/// <remarks>What a tokenizer's file says of truncation and padding was meant for somebody's batches; here texts are read whole.</remarks>
internal sealed record UsedModel<TModel>(TModel Model, Tokenizer Tokenizer, ModelFolder Folder, Adapter? Adapter = null) : IDisposable
    where TModel : IModel
{
    /// <param name="context">Whose folders and device.</param>
    /// <param name="path">The model.</param>
    /// <param name="adapter">One to attach; null for none.</param>
    /// <param name="weights">Type in which weights are held; null for the one that they are stored in.</param>
    /// <exception cref="UserError">There is no such model, it cannot do what is asked, or its parts do not fit.</exception>
    public static UsedModel<TModel> Open(CliContext context, string path, string? adapter = null, ScalarType? weights = null)
    {
        var work = new WorkContext { Device = context.Device(), Stop = context.Stop, Places = context.Places, Clock = context.Clock };
        var start = StartingPoint.Find(path, new(work, context.RunsFolder));
        var model = start.Load<TModel>(work, weights).Model;
        return new(model, start.Tokenizer.Unlimited(), new(start.Folder), adapter is null ? null : Adaptation.Peft.Adapters.Load(context.ModelFolder(adapter), model));
    }

    public void Dispose()
    {
        Adapter?.Dispose();
        Model.Module.Dispose();
    }
}

/// <summary>Options that every verb of this kind has.</summary>
internal static class UseOptions
{
    public static Option<string> Model() => new("--model") { Required = true, Description = "a model folder, a run by its folder, id or name, or hf:org/name" };

    public static Option<string?> Adapter() => new("--adapter") { Description = "an adapter's folder in the PEFT layout, or hf:org/name" };

    public static Option<int> Batch(int size) => new("--batch") { Description = "texts that are read at once", DefaultValueFactory = _ => size };

    public static Option<bool> Truncate() => new("--truncate") { Description = "cut texts that are longer than the model's context instead of refusing them" };

    /// <exception cref="UserError">It is less than 1.</exception>
    public static int AtLeastOne(int value, string option) => value >= 1 ? value : throw new UserError("must be at least 1", option);
}
