namespace Heirloom.Training.Optimizers;

/// <summary>Which parameters decay.</summary>
public enum WeightDecay
{
    /// <summary>Those with two or more dimensions that are not embeddings: no norms, biases, gains, tokens or positions (the usual rule since GPT-2).</summary>
    Matrices,

    /// <summary>Those with two or more dimensions, embeddings included (the rule of GPT-3-like code bases).</summary>
    MatricesAndEmbeddings,

    /// <summary>All.</summary>
    All,
}

internal static class DecayRule
{
    private static readonly string[] EmbeddingNames = ["embedding", "embeddings", "positions", "token_types", "class_token"];

    /// <summary>An embedding is recognized by a part of its dotted name, as the models of this library name their tables.</summary>
    public static bool IsEmbedding(string name) => name.Split('.').Any(EmbeddingNames.Contains);

    public static bool Decays(this WeightDecay on, NamedParameter parameter) => on switch
    {
        WeightDecay.All => true,
        WeightDecay.MatricesAndEmbeddings => parameter.Value.Dimensions >= 2,
        _ => parameter.Value.Dimensions >= 2 && !IsEmbedding(parameter.Name),
    };
}
