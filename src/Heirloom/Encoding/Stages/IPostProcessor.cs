namespace Heirloom.Encoding.Stages;

/// <summary>Adds the special tokens that a model expects around a text.</summary>
public interface IPostProcessor : IStage
{
    /// <summary>Wraps the ids of one text in place.</summary>
    void Process(List<int> ids);
}
