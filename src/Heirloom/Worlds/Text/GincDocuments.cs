using Heirloom.Data;

namespace Heirloom.Worlds.Text;

/// <summary>Ids of GINC's pretraining documents, one a row.</summary>
/// <param name="world">The world; its document length is the rows'.</param>
/// <param name="first">Number of the first document: another range is fresh text of the same world.</param>
/// <param name="concept">Documents of one concept only, which takes the prior over concepts away; null for the mixture.</param>
/// <param name="count">Rows of an epoch; null for no end.</param>
public sealed class GincDocuments(Ginc world, long first = 0, int? concept = null, long? count = null) : IRows<int[]>
{
    public string Fingerprint { get; } = Hashes.OfText($"ginc documents {world.Fingerprint} {first} {concept}{(count is null ? "" : $" {count}")}");

    public long? RowsPerEpoch => count;

    public int[] Row(long index) => world.Tokens(first + (index % (count ?? long.MaxValue)), concept).Tokens;
}

/// <summary>Rows of independent, equally likely tokens: every transition between tokens occurs, and none means anything.</summary>
public sealed class UniformTokens(int vocabulary, int length, Seed seed, long? count = null) : IRows<int[]>
{
    public string Fingerprint { get; } = Hashes.OfText($"uniform tokens {vocabulary} {length} {seed.Value}{(count is null ? "" : $" {count}")}");

    /// <summary>Rows of an epoch; null for no end.</summary>
    public long? RowsPerEpoch => count;

    public int[] Row(long index)
    {
        var random = seed.For("row", index % (count ?? long.MaxValue)).Random();
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))];
    }
}
