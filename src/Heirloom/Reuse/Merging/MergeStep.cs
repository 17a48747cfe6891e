using System.Collections.Immutable;
using Heirloom.Checkpoints;
using Heirloom.Reuse.MergeMethods;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Merging;

/// <summary>One tensor of the result and where it comes from.</summary>
internal sealed record MergeStep
{
    public required string Name { get; init; }

    public required ImmutableArray<long> Shape { get; init; }

    /// <summary>Type in which it is stored.</summary>
    public required ScalarType Type { get; init; }

    /// <summary>The versions, the base's apart.</summary>
    public required ImmutableArray<MergeStepSource> Models { get; init; }

    public MergeStepSource? Base { get; init; }

    /// <summary>With the settings that hold for this tensor; null where the first version's bytes are taken as they are.</summary>
    public MergeMethod? Method { get; init; }

    /// <summary>Whether it has a row for every token, so that rows are mapped where vocabularies differ.</summary>
    public bool IsVocabulary { get; init; }

    /// <summary>Whose rows these are then.</summary>
    public MergeVocabulary? Vocabulary { get; init; }

    public int Elements => checked((int)Shape.Aggregate(1L, (a, b) => a * b));

    /// <summary>Bytes of the result.</summary>
    public long OutputBytes => (long)Elements * TensorTypes.Size(Type);

    /// <summary>Bytes of memory that making it takes; float32 is made where it is written from.</summary>
    public long WorkBytes => OutputBytes + (Method is null ? 0 : (long)Elements * sizeof(float) * (Models.Length + (Base is null ? 0 : 1) + (Type == ScalarType.Float32 ? 0 : 1) + Method.Scratch(Models.Length)))
        + (Vocabulary is null ? 0 : OldRows.Sum(m => m.Entry.Count * sizeof(float)));

    /// <summary>Where a vocabulary's rows are taken from.</summary>
    public IEnumerable<MergeStepSource> OldRows => Models.Concat(Base is null ? [] : [Base])
        .Concat(Vocabulary!.Donors.Where(d => d.Weights.Entries.ContainsKey(Models[0].Tensor)).Select(d => new MergeStepSource(d, Models[0].Tensor, Models[0].Share))).DistinctBy(m => m.Model);
}

/// <summary>One model's version of a tensor.</summary>
internal sealed record MergeStepSource(MergeModel Model, string Tensor, MergeShare Share)
{
    public TensorEntry Entry => Model.Weights.Entries[Tensor];
}
