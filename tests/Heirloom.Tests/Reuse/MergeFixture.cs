using Heirloom.Checkpoints;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Reuse.MergeRecipes;
using Heirloom.Reuse.Merging;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

/// <summary>A pretrained model and descendants of it in folders.</summary>
internal sealed class MergeFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.Path;

    public string Base => Folder("base");

    public static DecoderConfig Config(int vocabulary = 19, int layers = 2, int width = 16) => DecoderConfig.Llama(vocabulary, context: 16, width, layers, heads: 2);

    public string Folder(string name) => _folder / name;

    /// <summary>A model of its own.</summary>
    public string Save(string name, ulong seed, DecoderConfig? config = null, params LineageParent[] parents)
    {
        using var scope = NewDisposeScope();
        return Write(name, (config ?? Config()).Build(new Seed(seed)), parents);
    }

    /// <summary>The base moved a little.</summary>
    public string Descend(string name, ulong seed, string of = "base")
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = Checkpoint.LoadAs<IModel>(Folder(of)).Model;
        using var generator = new Seed(seed).Generator();
        foreach (var parameter in model.Module.parameters())
        {
            parameter.add_(0.1 * randn(parameter.shape, generator: generator));
        }

        return Write(name, model, [new(LineageFile.Read(Folder(of))!.Weights, Folder(of), "start")]);
    }

    public MergeReport Merge(string yaml, string output = "out", MergeOptions? options = null, WorkContext? work = null)
    {
        var recipe = MergeRecipe.Parse(yaml, "recipe.yaml");
        return Merger.Run(recipe, recipe.Models.ToDictionary(m => m, m => _folder / m), _folder / output, options ?? new(), work ?? new());
    }

    public string Refused(string yaml, MergeOptions? options = null)
    {
        var message = Assert.Throws<UserError>(() => Merge(yaml, "refused", options)).Message;
        Assert.False(Directory.Exists(_folder / "refused"));
        return message;
    }

    /// <summary>All tensors as float32, by name.</summary>
    public Dictionary<string, float[]> Values(string name)
    {
        using var weights = WeightsFolder.Open(_folder / name);
        return weights.Entries.Keys.ToDictionary(k => k, k =>
        {
            using var tensor = weights.Read(k);
            using var wide = tensor.to(float32);
            return wide.data<float>().ToArray();
        });
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string name, IModel model, LineageParent[] parents)
    {
        Checkpoint.Save(_folder / name, new() { Model = model, Lineage = new() { Method = "pretrain", Settings = "", Seed = 1, Parents = [.. parents], Licenses = [name] } });
        return _folder / name;
    }
}
