using Heirloom.Models.Parts;

namespace Heirloom.Objectives.Targets;

/// <summary>Losses of several targets as one.</summary>
internal static class WeightedSum
{
    /// <summary>A single loss keeps the names of its parts and its terms; of several, parts are named <c>target/part</c>.</summary>
    public static Loss Of(IEnumerable<(Target Target, Loss Loss)> losses)
    {
        var all = losses.ToList();
        if (all is [var (only, loss)])
        {
            return only.Config.Weight == 1 ? loss : new(loss.Total * only.Config.Weight, loss.Parts) { Terms = loss.Terms };
        }

        var total = all.Select(l => l.Loss.Total * l.Target.Config.Weight).Aggregate((a, b) => a + b);
        return new(total, [.. all.SelectMany(l => l.Loss.Parts.Select(p => ($"{l.Target.Kind}/{p.Name}", p.Value)))]);
    }
}
