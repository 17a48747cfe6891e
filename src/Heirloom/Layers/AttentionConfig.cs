using System.ComponentModel.DataAnnotations;

namespace Heirloom.Layers;

/// <summary>Where queries and keys are normalized before their product.</summary>
public enum QueryKeyNorm
{
    None,

    /// <summary>Each head's coordinates (Dehghani et al. 2023; Qwen 3).</summary>
    Head,

    /// <summary>All heads' coordinates together (OLMo 2).</summary>
    All,
}

/// <summary>An attention layer's settings.</summary>
public sealed record AttentionConfig : IExample<AttentionConfig>
{
    public static AttentionConfig Example => new() { Heads = 2 };

    /// <summary>Query heads.</summary>
    [Range(1, int.MaxValue)]
    public required int Heads { get; init; }

    /// <summary>Key and value heads, each shared by a group of query heads (Ainslie et al. 2023); null for as many as query heads, 1 for multi-query.</summary>
    [Range(1, int.MaxValue)]
    public int? KeyValueHeads { get; init; }

    /// <summary>Width of a head; null for the model's width over <see cref="Heads"/>.</summary>
    [Range(1, int.MaxValue)]
    public int? HeadWidth { get; init; }

    public bool QueryBias { get; init; }

    public bool KeyBias { get; init; }

    public bool ValueBias { get; init; }

    public bool OutputBias { get; init; }

    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>Factor on the scores; null for 1/√head width (T5 has 1).</summary>
    [Range(double.Epsilon, double.MaxValue)]
    public double? Scale { get; init; }

    /// <summary>Whether the scores of layer i, counted from 0, are divided by i + 1 besides (GPT-2 as Karamcheti et al. 2021 trained it).</summary>
    public bool ScaleByLayer { get; init; }

    /// <summary>A position sees positions less than so many away; null for all.</summary>
    [Range(1, int.MaxValue)]
    public int? Window { get; init; }

    /// <summary>Dropped share of attention weights.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>The same with a bias in every projection.</summary>
    public AttentionConfig WithBiases() => this with { QueryBias = true, KeyBias = true, ValueBias = true, OutputBias = true };

    /// <summary>Key and value heads, as many as query heads unless set.</summary>
    public int KeyHeads() => KeyValueHeads ?? Heads;

    /// <summary>The factor on the scores of a layer, counted from 0.</summary>
    public double ScaleOf(int headWidth, int layer) => (Scale ?? (1 / Math.Sqrt(headWidth))) / (ScaleByLayer ? layer + 1 : 1);

    /// <summary>Width of a head in a model of a width.</summary>
    /// <exception cref="UserError">Heads do not divide the width, or key and value heads the heads.</exception>
    public int HeadWidthOf(int width)
    {
        if (Heads % KeyHeads() != 0)
        {
            throw new UserError($"{Heads} heads do not share {KeyHeads()} key and value heads evenly", "attention.key_value_heads");
        }

        return HeadWidth ?? (width % Heads == 0
            ? width / Heads
            : throw new UserError($"a width of {width} does not split into {Heads} heads", "attention.heads", "choose heads that divide it, or set head_width"));
    }
}
