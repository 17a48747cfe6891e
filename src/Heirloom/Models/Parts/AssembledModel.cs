using System.Collections.Immutable;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>What all assembled models have: an embedding, an encoder and targets.</summary>
public abstract class AssembledModel : nn.Module, IModel
{
    // registered by the derived type, which sees fields of its base that are not private
    [ComponentName(Name = "embedding")]
    private protected readonly Embeddings _embedding;

    [ComponentName(Name = "encoder")]
    private protected readonly EncoderPart _encoder;

    [ComponentName(Name = "targets")]
    private protected readonly TargetList _targets;

    private protected AssembledModel(string name, AssembledConfig config, Func<TargetPlace, TargetPlace> place) : base(name)
    {
        Settings = config;
        _embedding = new(config.Embedding);
        _encoder = config.Encoder.Build(_embedding.Width);
        var under = place(new(_encoder.Width, config.Encoder.Sight) { Words = _embedding.Find<WordPart>(), Patches = config.Embedding.Parts[0] as PatchPartConfig });
        _targets = new([.. config.Targets.Select(t => t.Build(under))]);
    }

    public ModelConfig Config => Settings;

    /// <summary>What it is assembled of.</summary>
    public AssembledConfig Settings { get; }

    /// <summary>In the order of the settings.</summary>
    public ImmutableArray<Target> Targets => _targets.All;

    /// <summary>Width of the encoder's vectors.</summary>
    public int Width => _encoder.Width;

    /// <summary>The target of a type; null where there is none.</summary>
    public TTarget? Find<TTarget>() where TTarget : Target => Targets.OfType<TTarget>().FirstOrDefault();

    /// <summary>Embeds and encodes.</summary>
    private protected Tensor Encode(StreamInputs inputs)
    {
        using var scope = NewDisposeScope();
        return _encoder.Encode(_embedding.Embed(inputs)).MoveToOuterDisposeScope();
    }

    /// <exception cref="UserError">A target is of another kind of model.</exception>
    private protected void Accept(string what, Func<Target, bool> fits)
    {
        if (Targets.FirstOrDefault(t => !fits(t)) is { } misfit)
        {
            throw new UserError($"{misfit.Kind} is no target of a model that {what}", "targets", "choose one that fits what the embedding reads");
        }
    }

    /// <summary>Targets under the names of their kinds.</summary>
    private protected sealed class TargetList : nn.Module
    {
        public TargetList(ImmutableArray<Target> targets) : base(nameof(TargetList))
        {
            All = targets;
            foreach (var target in targets)
            {
                register_module(target.Kind, target);
            }
        }

        public ImmutableArray<Target> All { get; }
    }
}
