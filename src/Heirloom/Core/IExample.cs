namespace Heirloom.Core;

/// <summary>A settings record that shows a small valid value of itself; the contract tests build, train, save and round-trip it.</summary>
/// <remarks>
/// Settings with required members, and every model's settings, offer one. By convention examples fit each other: tokens come from a vocabulary of 32,
/// of which 0 is padding, sequences of 16 fit, images are one channel of 8 × 8 (as vectors, 64 features), and there are 3 classes.
/// </remarks>
public interface IExample<out TSelf> where TSelf : IExample<TSelf>
{
    /// <summary>The smallest value that is worth testing: it builds in milliseconds.</summary>
    static abstract TSelf Example { get; }
}
