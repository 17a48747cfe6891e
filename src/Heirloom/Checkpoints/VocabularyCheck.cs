namespace Heirloom.Checkpoints;

/// <summary>A tokenizer and a model that were not made for each other give index errors deep in training, or silently wrong text; recipes ask here first.</summary>
public static class VocabularyCheck
{
    /// <summary>Refuses a tokenizer whose ids the model has no rows for.</summary>
    /// <param name="tokenizerSize">Ids of the tokenizer, special tokens included.</param>
    /// <param name="embeddingRows">Rows of the model's embedding.</param>
    /// <param name="where">The tokenizer and the model, for the message.</param>
    /// <exception cref="UserError">Fewer rows than ids.</exception>
    public static void Require(int tokenizerSize, int embeddingRows, string where)
    {
        if (tokenizerSize > embeddingRows)
        {
            throw new UserError($"the tokenizer has {tokenizerSize} ids and the model's embedding {embeddingRows} rows", where,
                "use the tokenizer that the model was trained with, or extend the model's vocabulary");
        }
    }

    /// <summary>Rows that no id uses: a few are padding for speed, many mean another tokenizer.</summary>
    /// <returns>A line worth saying, or null.</returns>
    public static string? Remark(int tokenizerSize, int embeddingRows) => embeddingRows - tokenizerSize is var unused && unused >= Math.Max(128, embeddingRows / 10)
        ? $"{unused} of the model's {embeddingRows} embedding rows have no id in the tokenizer: is it the one that the model was trained with?"
        : null;
}
