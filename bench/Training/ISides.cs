namespace Heirloom.Bench.Training;

/// <summary>A job whose sides are processes of their own, because what ours sets for its process (the allocator) is not stock's.</summary>
internal interface ISides : IJob
{
    /// <summary>Takes turns until there are no more.</summary>
    /// <param name="side"><see cref="Comparison.Ours"/> or <see cref="Comparison.Stock"/>.</param>
    /// <param name="turns">When to work, and where to tell.</param>
    static abstract void Serve(string side, Turns turns);
}
