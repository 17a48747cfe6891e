using System.Collections.Immutable;
using Heirloom.Checkpoints.Hub;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Parts;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.Zoo;

/// <summary>In which a model may be written.</summary>
public enum ZooFormat
{
    /// <summary>The published family with the model's parts, as the hub has it.</summary>
    Family,

    /// <summary>Our own parts, in our own format.</summary>
    Assembly,

    /// <summary>The zoos of UER and TencentPretrain.</summary>
    TencentPretrain,
}

/// <summary>
/// Models of published families as assemblies, and assemblies as models of those families. Together with the layouts of their folders this converts between zoos:
/// what is read in one format is written in another, tensor for tensor.
/// </summary>
public static class ModelZoo
{
    private static readonly Lazy<ImmutableArray<FamilyAssembly>> s_families = new(() =>
        [.. typeof(FamilyAssembly).Assembly.GetTypes().Where(t => !t.IsAbstract && t.IsSubclassOf(typeof(FamilyAssembly)))
            .OrderBy(t => t.Name, StringComparer.Ordinal).Select(t => (FamilyAssembly)Activator.CreateInstance(t)!)]);

    /// <summary>An assembly that computes the same, with copies of the weights.</summary>
    /// <exception cref="UserError">The family, or something that the model has, cannot be assembled.</exception>
    public static AssembledModel ToAssembly(IModel model)
    {
        var (family, config) = Assembled(model.Config) ?? throw new UserError(
            $"a {model.GetType().Name} of these settings cannot be assembled of parts", mend: "its family, or something that it has, is in no part's settings");
        var assembly = config.Build(new(0));
        Move(model, assembly, Renaming(family, model), toAssembly: true);
        return assembly;
    }

    /// <summary>The assembly of a configuration; null for one that cannot be assembled.</summary>
    public static AssembledConfig? Assemble(ModelConfig config) => Assembled(config)?.Assembly;

    /// <summary>A model of a published family that computes the same, with copies of the weights.</summary>
    /// <exception cref="UserError">No family has these parts.</exception>
    public static IModel ToFamily(AssembledModel assembly)
    {
        var essence = Essence(assembly.Settings);
        foreach (var family in s_families.Value)
        {
            if (family.Propose(assembly.Settings) is { } config && family.Assemble(config) is { } back && Settings.ToYaml(Essence(back)) == Settings.ToYaml(essence))
            {
                var model = config.Build(new(0));
                Move(model, assembly, Renaming(family, model), toAssembly: false);
                return model;
            }
        }

        throw new UserError("no published family has these parts", mend: "keep it in our own format");
    }

    /// <summary>The same model in another zoo's format.</summary>
    /// <exception cref="UserError">The model cannot be assembled, no family has its parts, or the format has not.</exception>
    public static IModel Convert(IModel model, ZooFormat format)
    {
        if (format == ZooFormat.Family)
        {
            return ToFamily(model as AssembledModel ?? ToAssembly(model));
        }

        var assembly = model as AssembledModel ?? ToAssembly(model);
        var config = assembly.Settings with { HubFamily = format == ZooFormat.Assembly ? null : TencentPretrainLayout.Name };
        if (format == ZooFormat.TencentPretrain && HubFolder.LayoutOf(config) is not TencentPretrainLayout)
        {
            throw new UserError("the zoos of UER and TencentPretrain have no such parts", mend: "convert it to assembly or family");
        }

        var copy = config.Build(new(0));
        var first = assembly.parameters().First();
        copy.to(first.dtype).to(first.device);
        copy.CopyWeightsFrom(assembly);
        return copy;
    }

    private static (FamilyAssembly Family, AssembledConfig Assembly)? Assembled(ModelConfig config) =>
        s_families.Value.Select(f => (Family: f, Assembly: f.Assemble(config))).FirstOrDefault(p => p.Assembly is not null) is { Assembly: { } assembly } found
            ? (found.Family, assembly)
            : null;

    /// <summary>What of an assembly is of its family: not how it starts, nor how targets weigh.</summary>
    private static AssembledConfig Essence(AssembledConfig config) => config with
    {
        HubFamily = null,
        Initialization = new NormalInitializationConfig(),
        Targets = [.. config.Targets.Select(t => t with { Weight = 1 })],
    };

    /// <summary>The assembly's name of each of the family's tensors.</summary>
    private static IEnumerable<(string Family, string Assembly)> Renaming(FamilyAssembly family, IModel model)
    {
        var names = family.Names(model.Config);
        return model.Module.state_dict().Keys.Select(name => names.Where(n => name.StartsWith(n.Family, StringComparison.Ordinal)).MaxBy(n => n.Family.Length) is { Family: { } prefix, Assembly: var to }
            ? (name, to + name[prefix.Length..])
            : throw new InvalidOperationException($"{family.GetType().Name} knows no '{name}'"));
    }

    private static void Move(IModel model, AssembledModel assembly, IEnumerable<(string Family, string Assembly)> names, bool toAssembly)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var first = (toAssembly ? model.Module : assembly).parameters().First();
        (toAssembly ? assembly : model.Module).to(first.dtype).to(first.device);
        var (theirs, ours) = (model.Module.state_dict(), assembly.state_dict());
        var moved = new HashSet<string>();
        foreach (var (from, to) in names)
        {
            // families keep leading dimensions of one that parts do not
            var (a, b) = (theirs[from], ours.GetValueOrDefault(to) ?? throw new InvalidOperationException($"the assembly has no '{to}' for '{from}'"));
            if (!a.shape.SkipWhile(n => n == 1).SequenceEqual(b.shape.SkipWhile(n => n == 1)))
            {
                throw new InvalidOperationException($"'{from}' is [{string.Join(",", a.shape)}] and '{to}' [{string.Join(",", b.shape)}]");
            }

            _ = toAssembly ? b.copy_(a.view(b.shape)) : a.copy_(b.view(a.shape));
            moved.Add(to);
        }

        if (ours.Keys.FirstOrDefault(name => !moved.Contains(name)) is { } forgotten)
        {
            throw new InvalidOperationException($"the family has nothing for '{forgotten}'");
        }

        (toAssembly ? assembly : model.Module).train((toAssembly ? model.Module : assembly).training);
    }
}
