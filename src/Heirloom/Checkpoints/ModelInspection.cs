using System.Collections.Immutable;
using System.Reflection;
using Heirloom.Checkpoints.Hub;
using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>What a model folder holds, from its configuration and its headers alone: a folder of 100 GB takes as long as one of 1 MB.</summary>
public sealed record ModelInspection
{
    private const int Float = sizeof(float), Moments = 2;

    /// <summary>Its family on the hub; null where the configuration cannot be read.</summary>
    public string? Family { get; private init; }

    public ModelConfig? Config { get; private init; }

    public Lineage? Lineage { get; private init; }

    public ImmutableArray<TensorEntry> Tensors { get; private init; } = [];

    /// <summary>Files that hold them.</summary>
    public ImmutableArray<string> Files { get; private init; } = [];

    /// <summary>What is wrong, in one line each; empty when nothing was found.</summary>
    public ImmutableArray<string> Problems { get; private init; } = [];

    /// <summary>What loading will say, but for what only values tell; null where the weights were not compared with the configuration.</summary>
    public LoadReport? Report { get; private init; }

    /// <summary>Elements of all floating-point tensors.</summary>
    public long Parameters => Tensors.Where(t => TensorTypes.IsFloat(t.Type)).Sum(t => t.Count);

    /// <summary>Bytes of the weights as they are stored: the memory that running takes, besides activations and caches.</summary>
    public long RunBytes => Tensors.Sum(t => t.Bytes);

    /// <summary>Bytes of the gradients in float32.</summary>
    public long GradientBytes => Parameters * Float;

    /// <summary>Bytes of AdamW's two moments in float32.</summary>
    public long OptimizerBytes => Parameters * Float * Moments;

    /// <summary>Bytes that training takes with AdamW in float32 (weights, gradients and moments), besides activations.</summary>
    public long TrainBytes => (Parameters * Float) + GradientBytes + OptimizerBytes;

    /// <summary>What a batch takes besides, estimated; null where the configuration does not tell.</summary>
    /// <param name="batch">Sequences.</param>
    /// <param name="length">Positions of each; null for the longest that the model reads, 512 at most.</param>
    public MemoryEstimate? Activations(int batch, int? length) =>
        Config is null ? null : MemoryEstimate.Of(Config, batch, length ?? Math.Min(ValueOf(Config, "ContextLength") ?? 512, 512));

    /// <summary>Element types with the number of elements of each, the most first.</summary>
    public ImmutableArray<(ScalarType Type, long Count)> Types =>
        [.. Tensors.GroupBy(t => t.Type).Select(g => (g.Key, g.Sum(t => t.Count))).OrderByDescending(p => p.Item2)];

    /// <summary>Rows of the token embedding; null for a model without tokens.</summary>
    public int? Vocabulary => Config is null ? null : ValueOf(Config, "VocabularySize");

    /// <summary>Looks at a folder, or at a file of weights alone. What is wrong inside is a finding, not an exception.</summary>
    /// <exception cref="UserError">There is no such folder or file.</exception>
    public static ModelInspection Of(string folder)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        if (File.Exists(folder))
        {
            using var file = Try(() => WeightsFile.Open(folder));
            return new ModelInspection { Problems = problems.ToImmutable() }.With(file);
        }

        if (!Directory.Exists(folder))
        {
            throw new UserError("no such folder", folder);
        }

        var (layout, config, _) = Try(() => HubFolder.Read(folder));
        var lineage = Try(() => LineageFile.Read(folder));
        using var weights = Try(() => WeightsFolder.Open(folder));
        var fit = weights is null || config is null || layout is HeirloomLayout ? null
            : Try(() => WeightsFit.Of(layout.Maps(config, new(() => [])), weights, folder, []));
        problems.AddRange(fit?.Problems ?? []);
        return new ModelInspection
        {
            Family = layout?.ModelTypes[0],
            Config = config,
            Lineage = lineage,
            Problems = problems.ToImmutable(),
            Report = fit?.Report,
        }.With(weights);

        T? Try<T>(Func<T> look)
        {
            try
            {
                return look();
            }
            catch (UserError e)
            {
                problems.Add(e.Message);
                return default;
            }
        }
    }

    /// <summary>Folders with a configuration and weights under a root, or the root itself.</summary>
    public static IEnumerable<string> FoldersUnder(string root) => !Directory.Exists(root) ? []
        : Directory.EnumerateFiles(root, HubFolder.ConfigFile, new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, MaxRecursionDepth = 8 })
            .Select(file => Path.GetDirectoryName(file)!)
            .Where(folder => WeightsFolder.Files.Any(name => File.Exists(Path.Combine(folder, name))))
            .Order(StringComparer.Ordinal);

    private ModelInspection With(IWeights? weights) => weights is null ? this : this with
    {
        Tensors = [.. weights.Entries.Values.OrderBy(e => e.Name, StringComparer.Ordinal)],
        Files = [.. weights.Entries.Keys.Select(weights.FileOf).Distinct().Order(StringComparer.Ordinal)],
    };

    /// <summary>A size in the configuration, or in that of a part.</summary>
    private static int? ValueOf(ModelConfig config, string name) =>
        config.GetType().GetProperty(name)?.GetValue(config) as int?
        ?? config.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.GetIndexParameters().Length == 0 ? p.GetValue(config) : null).OfType<ModelConfig>().Select(part => ValueOf(part, name)).FirstOrDefault(v => v is not null);
}
