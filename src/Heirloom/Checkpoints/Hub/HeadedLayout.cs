using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Heads;

namespace Heirloom.Checkpoints.Hub;

/// <summary>
/// A family whose architectures are one backbone under different heads. <c>architectures</c> of a configuration says which; one whose head is not known is read
/// as the bare backbone, and the report says so.
/// </summary>
/// <typeparam name="TBackbone">Settings of the backbone.</typeparam>
public abstract class HeadedLayout<TBackbone> : HubLayout
    where TBackbone : ModelConfig
{
    /// <summary>Beginnings of the architectures' names: <c>Bert</c>.</summary>
    protected abstract ImmutableArray<string> Names { get; }

    /// <summary>Beginning of the backbone's tensors under a head: <c>bert.</c>.</summary>
    protected abstract string Prefix { get; }

    /// <summary>What stands on the backbone: one of them is bare, and the first with nothing but a vocabulary is what a configuration without architectures means.</summary>
    protected abstract ImmutableArray<HubHead> Heads { get; }

    public override ImmutableArray<string> Architectures => [.. Names.SelectMany(name => Heads.Select(head => name + head.Task))];

    /// <summary>Reads the backbone with everything that it may have.</summary>
    protected abstract TBackbone ReadBackbone(HubConfig config);

    /// <summary>Writes it, all but the architecture.</summary>
    protected abstract JsonObject WriteBackbone(TBackbone backbone);

    /// <summary>What of it decides what the model computes, with defaults spelled out.</summary>
    protected abstract TBackbone EssenceOf(TBackbone backbone);

    /// <summary>The backbone with those of its own parts that an architecture's files have.</summary>
    protected abstract TBackbone Under(TBackbone backbone, HubHead head);

    /// <summary>Whether it has its vocabulary head.</summary>
    protected abstract bool HasVocabulary(TBackbone backbone);

    /// <summary>Width of its vectors.</summary>
    protected abstract int WidthOf(TBackbone backbone);

    /// <summary>Names of the backbone's tensors but for the vocabulary head.</summary>
    /// <param name="map">To add them to.</param>
    /// <param name="backbone">The backbone.</param>
    /// <param name="ours">Beginning of our names.</param>
    /// <param name="hub">Beginning of the hub's names.</param>
    /// <param name="head">What stands on it.</param>
    protected abstract void AddBackbone(KeyMap map, TBackbone backbone, string ours, string hub, HubHead head);

    /// <summary>Names of the vocabulary head's tensors.</summary>
    /// <inheritdoc cref="AddBackbone"/>
    protected abstract void AddVocabulary(KeyMap map, TBackbone backbone, string ours, string hub);

    /// <summary>The beginning of the architecture's name that is written.</summary>
    protected virtual string NameOf(TBackbone backbone) => Names[0];

    /// <summary>Dropped share of what a head reads.</summary>
    protected virtual double HeadDropout(HubConfig config, HubHead head) =>
        config.Number("classifier_dropout", config.Number("hidden_dropout_prob", 0.1, 0, 0.999), 0, 0.999);

    /// <summary>Writes what <see cref="HeadDropout"/> reads.</summary>
    protected virtual void WriteHeadDropout(JsonObject json, HubHead head, double dropout) => json["classifier_dropout"] = dropout;

    public sealed override ModelConfig ReadConfig(HubConfig config)
    {
        var head = HeadOf(config);
        return head.Read(config, Under(ReadBackbone(config), head), HeadDropout(config, head));
    }

    public sealed override JsonObject WriteConfig(ModelConfig config)
    {
        var (head, backbone, task) = Parts(config) ?? throw new ArgumentException("not of this family", nameof(config));
        var json = WriteBackbone(backbone);
        json["architectures"] = new JsonArray(NameOf(backbone) + head.Task);
        if (task is not null)
        {
            head.Write(task, json);
            if (head.Dropout)
            {
                WriteHeadDropout(json, head, task.Dropout);
            }
        }

        return json;
    }

    public sealed override ModelConfig? Essence(ModelConfig config)
    {
        if (Parts(config) is not var (head, backbone, task))
        {
            return null;
        }

        var essence = Under(EssenceOf(backbone), head) with { HubFamily = null };
        return task is null ? essence : task with { Encoder = essence, Dropout = 0, Initialization = new NormalInitializationConfig(), HubFamily = null };
    }

    public sealed override IReadOnlyList<KeyMap> Maps(ModelConfig config, Lazy<IReadOnlyList<OurTensor>> state)
    {
        var (head, backbone, task) = Parts(config) ?? throw new ArgumentException("not of this family", nameof(config));
        var (ours, hub) = (task is null ? "" : "encoder.", head.IsBare ? "" : head.Prefix ?? Prefix);
        var map = new KeyMap(head.Prefix ?? Prefix);
        AddBackbone(map, backbone, ours, hub, head);
        if (HasVocabulary(backbone))
        {
            var vocabulary = new KeyMap();
            AddVocabulary(vocabulary, backbone, ours, hub);
            // what no output of the task comes from need not be in its files
            map.AddAll(vocabulary, head.Vocabulary ? Absence.Refuse : Absence.Fresh);
        }

        if (task is not null)
        {
            head.AddTo(map, task, WidthOf(backbone));
        }

        return [map];
    }

    private HubHead HeadOf(HubConfig config)
    {
        if (config.Architectures is not [var first, ..])
        {
            return Heads.First(head => head.Vocabulary);
        }

        if (Heads.FirstOrDefault(head => Names.Any(name => first == name + head.Task)) is { } known)
        {
            return known;
        }

        config.Note($"the head of {HubConfig.Short(first)} is not known: this is the model under it");
        return Heads.Single(head => head.IsBare);
    }

    private (HubHead Head, TBackbone Backbone, HeadConfig? Task)? Parts(ModelConfig config)
    {
        var task = config as HeadConfig;
        if ((task?.Encoder ?? config) is not TBackbone backbone)
        {
            return null;
        }

        var vocabulary = HasVocabulary(backbone);
        var head = task is null ? Heads.FirstOrDefault(head => head.Kind is null && head.Vocabulary == vocabulary)
            // a vocabulary head that the task does not use may stay
            : Heads.Where(head => head.Fits(task) && (vocabulary || !head.Vocabulary)).MaxBy(head => head.Vocabulary == vocabulary);
        return head is null ? null : (head, backbone, task);
    }
}
