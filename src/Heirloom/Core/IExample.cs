namespace Heirloom.Core;

/// <summary>A settings record with required members that shows a small valid value of itself; the contract tests build, save and round-trip it.</summary>
public interface IExample<out TSelf> where TSelf : IExample<TSelf>
{
    /// <summary>The smallest value that is worth testing: it builds in milliseconds.</summary>
    static abstract TSelf Example { get; }
}
