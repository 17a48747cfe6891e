using System.Collections.Immutable;
using System.Security.Cryptography;
using Heirloom.Checkpoints.Hub;

namespace Heirloom.Checkpoints;

/// <summary>How the tensors of a file and those of a configuration fit, known from headers alone.</summary>
public sealed record WeightsFit
{
    private ImmutableHashSet<string> _fresh = [];

    public required KeyMatch Match { get; init; }

    /// <summary>Why the weights cannot be those of the configuration; empty when they can.</summary>
    public required ImmutableArray<string> Problems { get; init; }

    /// <summary>What loading would report, but for values that only reading tells.</summary>
    public required LoadReport Report { get; init; }

    /// <summary>Compares; of several maps the one that finds most.</summary>
    /// <param name="maps">Ways in which the family's tensors are called.</param>
    /// <param name="weights">The file.</param>
    /// <param name="file">For messages.</param>
    /// <param name="fresh">Beginnings of our names that may be missing or of another shape.</param>
    public static WeightsFit Of(IReadOnlyList<KeyMap> maps, IWeights weights, string file, ImmutableArray<string> fresh)
    {
        var match = maps.Select(map => map.Match(weights.Entries, file)).MaxBy(m => m.Found.Count)!;
        var problems = new List<string>();
        var freshHubs = ImmutableHashSet.CreateBuilder<string>();
        foreach (var rule in match.Map.Rules)
        {
            var wrong = Problem(rule, match, weights);
            if (wrong is null)
            {
                continue;
            }

            var absent = !match.Found.ContainsKey(rule.Hub);
            if ((absent && rule.WhenAbsent == Absence.Fresh) || rule.Ours.All(o => fresh.Any(prefix => o.Name.StartsWith(prefix, StringComparison.Ordinal))))
            {
                freshHubs.Add(rule.Hub);
            }
            else
            {
                problems.Add(wrong);
            }
        }

        problems.AddRange(DifferingCopies(match, weights));
        return new()
        {
            _fresh = freshHubs.ToImmutable(),
            Match = match,
            Problems = [.. problems],
            Report = new()
            {
                Missing = [.. match.Map.Rules.Where(rule => freshHubs.Contains(rule.Hub)).SelectMany(rule => rule.Ours).Select(o => o.Name)],
                Unused = [.. match.Unused.Select(name => (name, match.Map.IsIgnored(name) ? "computed, not stored" : "the configuration has no such part")),
                    .. match.Map.Copies.Keys.Where(match.Found.ContainsKey).Select(copy => (match.Found[copy], $"repeats {match.Map.Copies[copy]}"))],
                Renamed = [.. match.Found.Where(pair => pair.Key != pair.Value).Select(pair => (pair.Value, pair.Key))],
                Notes = match.Map == maps[0] ? [] : ["the file uses another naming of the same family"],
            },
        };
    }

    internal bool IsFresh(KeyRule rule) => _fresh.Contains(rule.Hub);

    private static string? Problem(KeyRule rule, KeyMatch match, IWeights weights)
    {
        var ours = string.Join(", ", rule.Ours.Select(o => o.Name));
        if (!match.Found.TryGetValue(rule.Hub, out var name))
        {
            return $"{ours} {(rule.Ours.Length > 1 ? "are" : "is")} missing from the weights ({rule.Hub})";
        }

        var entry = weights.Entries[name];
        return !entry.Shape.AsSpan().SequenceEqual(rule.Shape.AsSpan())
            ? $"{ours} is {entry.ShapeText} in the file ({name}), the configuration says {TensorTypes.Text(rule.Shape)}"
            : null;
    }

    /// <summary>A tied tensor that differs from what it is tied to means that the configuration is wrong about the tie.</summary>
    private static IEnumerable<string> DifferingCopies(KeyMatch match, IWeights weights)
    {
        foreach (var (copy, original) in match.Map.Copies)
        {
            if (match.Found.TryGetValue(copy, out var copyName) && match.Found.TryGetValue(original, out var originalName)
                && !Digest(weights, copyName).SequenceEqual(Digest(weights, originalName)))
            {
                yield return $"the configuration ties {copyName} to {originalName}, but the file holds different values";
            }
        }
    }

    private static byte[] Digest(IWeights weights, string name)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        weights.Visit(name, digest.AppendData);
        return digest.GetHashAndReset();
    }
}
