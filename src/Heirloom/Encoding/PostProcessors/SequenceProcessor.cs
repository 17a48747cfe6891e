using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PostProcessors;

/// <summary>Post-processors one after another.</summary>
[Stage("Sequence")]
public sealed record SequenceProcessor : IPostProcessor
{
    public required IReadOnlyList<IPostProcessor> Processors { get; init; }

    public int Added(bool pair) => Processors.Sum(p => p.Added(pair));

    public void Check(TokenizerDefinition definition)
    {
        if (Processors.Any(p => p is null))
        {
            throw new UserError("a stage of the sequence is missing", "post_processor.processors");
        }

        foreach (var stage in Processors)
        {
            stage.Check(definition);
        }
    }

    public void Process(List<int> ids, bool special)
    {
        foreach (var stage in Processors)
        {
            stage.Process(ids, special);
        }
    }

    public IReadOnlyList<TokenizedText> Process(IReadOnlyList<TokenizedText> texts, bool special) =>
        Processors.Aggregate(texts, (all, stage) => stage.Process(all, special));
}
