namespace Heirloom.Objectives;

/// <summary>Turns an objective around: gradient descent on it climbs the loss.</summary>
public static class Ascent
{
    /// <summary>Maximizes what <paramref name="objective"/> minimizes: the usual baseline for making a model forget (Ilharco et al. 2023, section 3; Golatkar et al. 2020).</summary>
    public static Objective<TModel, TBatch> Ascending<TModel, TBatch>(this Objective<TModel, TBatch> objective) => (model, batch, seed) =>
    {
        var loss = objective(model, batch, seed);
        return new(-loss.Total, [.. loss.Parts]) { Terms = loss.Terms };
    };
}
