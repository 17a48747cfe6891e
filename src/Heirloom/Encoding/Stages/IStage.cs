namespace Heirloom.Encoding.Stages;

/// <summary>
/// One part of a tokenizer pipeline: normalizer → pre-tokenizer → model → post-processor, and a decoder for the way back.
/// A stage's public properties are exactly its keys in <c>tokenizer.json</c>; a new stage is a new file with a <see cref="StageAttribute"/>.
/// </summary>
public interface IStage
{
    /// <summary>Refuses settings that are wrong within this tokenizer or not supported yet, before any text is read.</summary>
    /// <exception cref="UserError">Names the setting and what would be right.</exception>
    void Check(TokenizerDefinition definition)
    {
    }
}

/// <summary>The <c>type</c> by which <c>tokenizer.json</c> names a stage.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class StageAttribute(string type) : Attribute
{
    public string Type { get; } = type;
}
