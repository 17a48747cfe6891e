using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Parts;

namespace Heirloom.Checkpoints.Zoo;

/// <summary>
/// A family of models as an assembly of the same parts, and back: settings, and names of weights, whose values are only moved. Families are found by reflection;
/// adding one is adding its file. It needs a constructor without parameters.
/// </summary>
public abstract class FamilyAssembly
{
    /// <summary>The assembly that computes what a configuration computes; null for one of another family, or with what no part has.</summary>
    public abstract AssembledConfig? Assemble(ModelConfig family);

    /// <summary>The family's configuration that such an assembly may be of; null where it is of none. <see cref="ModelZoo.ToFamily"/> checks it by <see cref="Assemble"/>.</summary>
    public abstract ModelConfig? Propose(AssembledConfig assembly);

    /// <summary>Beginnings of the family's names and what they are called in the assembly. The longest that fits decides.</summary>
    /// <param name="family">A configuration that <see cref="Assemble"/> took.</param>
    public abstract IReadOnlyList<(string Family, string Assembly)> Names(ModelConfig family);

    /// <summary>Positions that act on embeddings, as a part of them; none for those that act on attention.</summary>
    private protected static IEnumerable<EmbeddingPartConfig> Part(PositionsConfig positions) => OnEmbedding(positions) ? [new PositionPartConfig { Positions = positions }] : [];

    /// <summary>Positions that act on attention; none for those that act on embeddings.</summary>
    private protected static PositionsConfig Attended(PositionsConfig positions) => OnEmbedding(positions) ? new NoPositionsConfig() : positions;

    /// <summary>The positions of an embedding and an encoder together.</summary>
    private protected static PositionsConfig Joined(EmbeddingsConfig embedding, TransformerPartConfig encoder) =>
        embedding.Parts.OfType<PositionPartConfig>().FirstOrDefault()?.Positions ?? encoder.Positions;

    /// <summary>Where positions' weights are, where they have some.</summary>
    private protected static string Place(PositionsConfig positions, string embedding = "embedding", string encoder = "encoder") =>
        OnEmbedding(positions) ? $"{embedding}.position.positions." : $"{encoder}.positions.";

    private protected static bool OnEmbedding(PositionsConfig positions) => positions is LearnedPositionsConfig or SinusoidalPositionsConfig;

    private protected static T? Find<T>(EmbeddingsConfig embedding) where T : EmbeddingPartConfig => embedding.Parts.OfType<T>().FirstOrDefault();

    private protected static T? Find<T>(AssembledConfig assembly) where T : TargetConfig => assembly.Targets.OfType<T>().FirstOrDefault();
}
