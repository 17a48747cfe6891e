using Heirloom.Checkpoints.ParityProbes;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>One output against its reference.</summary>
/// <param name="Name">Name in the file, without <c>out.</c></param>
/// <param name="Difference">Largest absolute difference; NaN where a value is not a number.</param>
public sealed record ParityOutput(string Name, double Difference);

/// <summary>
/// Compares a model folder with another implementation's outputs: <c>io.safetensors</c> in it holds inputs (<c>in.*</c>) and what that implementation made of them
/// (<c>out.*</c>), dropout off.
/// </summary>
public static class Parity
{
    public const string FileName = "io.safetensors";

    private static readonly Lazy<IReadOnlyList<ParityProbe>> Probes = new(() =>
        [.. typeof(ParityProbe).Assembly.GetTypes().Where(t => !t.IsAbstract && t.IsSubclassOf(typeof(ParityProbe)))
            .OrderBy(t => t.Name, StringComparer.Ordinal).Select(t => (ParityProbe)Activator.CreateInstance(t)!)]);

    /// <summary>Runs the model of a folder on its reference inputs.</summary>
    /// <remarks>Computes in float32 unless the options say otherwise, as references do whatever type the weights are stored in.</remarks>
    /// <exception cref="UserError">The folder or its references are missing or of a kind that is not known.</exception>
    public static IReadOnlyList<ParityOutput> Run(string folder, LoadOptions? options = null)
    {
        using var scope = NewDisposeScope();
        // the configuration first: a family that is not known yet is the better message
        Checkpoint.ReadConfig(folder);
        Safetensors.Open(Path.Combine(folder, FileName)).Dispose();
        options ??= new();
        return Run(Checkpoint.Load(folder, options with { Type = options.Type ?? ScalarType.Float32 }).Model, folder, options.Device);
    }

    /// <summary>Runs a model on the reference inputs of a folder, whose own model may be another.</summary>
    /// <exception cref="UserError">References are missing, or the model has no such outputs.</exception>
    public static IReadOnlyList<ParityOutput> Run(IModel model, string folder, Device? device = null)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var path = Path.Combine(folder, FileName);
        using var file = Safetensors.Open(path);
        var references = Named(file, "out.", path, CPU);
        var inputs = new ParityInputs(Named(file, "in.", path, device ?? CPU), references, path);
        var outputs = new Dictionary<string, Func<Tensor>>();
        foreach (var (name, compute) in Probes.Value.SelectMany(probe => probe.Outputs(model, inputs)))
        {
            outputs.TryAdd(name, compute);
        }

        if (outputs.Count == 0)
        {
            throw new UserError($"no way is known to compare a {model.GetType().Name}", path);
        }

        return [.. references.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new ParityOutput(pair.Key, outputs.TryGetValue(pair.Key, out var compute)
            ? Difference(compute(), pair.Value, $"{path}: out.{pair.Key}")
            : throw new UserError($"'{pair.Key}' is no output of a {model.GetType().Name}", path, UserError.Nearest(pair.Key, outputs.Keys))))];
    }

    private static double Difference(Tensor output, Tensor reference, string where) =>
        !output.shape.AsSpan().SequenceEqual(reference.shape)
            ? throw new UserError($"is {TensorTypes.Text(reference.shape)}, and the model gives {TensorTypes.Text(output.shape)}", where)
            : output.to(CPU).to(ScalarType.Float64).sub(reference.to(ScalarType.Float64)).abs().max().item<double>();

    private static Dictionary<string, Tensor> Named(SafetensorsFile file, string prefix, string path, Device device)
    {
        var named = file.Entries.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(name => name[prefix.Length..], name => file.Read(name).to(device));
        return named.Count > 0 ? named : throw new UserError($"holds no {prefix}*", path, "it has to hold inputs in.* and reference outputs out.*");
    }
}
