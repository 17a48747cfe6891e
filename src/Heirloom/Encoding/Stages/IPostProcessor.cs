namespace Heirloom.Encoding.Stages;

/// <summary>Adds the special tokens that a model expects around a text or a pair.</summary>
public interface IPostProcessor : IStage
{
    /// <summary>How many tokens it adds.</summary>
    int Added(bool pair);

    /// <summary>Wraps the ids of one text in place; without <paramref name="special"/> only what is no special token.</summary>
    void Process(List<int> ids, bool special);

    /// <summary>Processes one text or the two of a pair, not joined yet.</summary>
    IReadOnlyList<TokenizedText> Process(IReadOnlyList<TokenizedText> texts, bool special);
}
