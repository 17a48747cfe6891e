namespace Heirloom.Core;

/// <summary>A settings record whose values differ so much in what they make that one example does not stand for all.</summary>
public interface IExamples<TSelf> : IExample<TSelf> where TSelf : IExamples<TSelf>
{
    /// <summary>Further small valid values.</summary>
    static abstract IReadOnlyList<TSelf> More { get; }
}
