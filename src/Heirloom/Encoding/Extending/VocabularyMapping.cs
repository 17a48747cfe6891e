using System.Collections.Immutable;

namespace Heirloom.Encoding.Extending;

/// <summary>By what a new token is known.</summary>
public enum MappedBy
{
    /// <summary>Nothing is known of it.</summary>
    Nothing,

    /// <summary>It is an old token itself.</summary>
    Sharing,

    /// <summary>The old tokens that write it, which may be a single one (as where the old tokenizer ignores case).</summary>
    Pieces,

    /// <summary>The old tokens nearest to it.</summary>
    Similarity,
}

/// <summary>One new token as old ones, with weights that sum to 1; none where nothing is known of it.</summary>
public readonly record struct MappedToken(ImmutableArray<(int Id, double Weight)> Parts, MappedBy By)
{
    public static MappedToken Shared(int id) => new([(id, 1.0)], MappedBy.Sharing);

    public static MappedToken Mean(IReadOnlyCollection<int> pieces) => pieces.Count == 0 ? Unknown : new([.. pieces.Select(id => (id, 1.0 / pieces.Count))], MappedBy.Pieces);

    public static MappedToken Unknown => new([], MappedBy.Nothing);
}

/// <summary>What every token of one vocabulary is in another: from it a model's embeddings move to another tokenizer.</summary>
public static class VocabularyMapping
{
    /// <summary>
    /// Shared tokens are themselves, special ones also where only their role is the same; others are the mean of the pieces by which the old tokenizer writes
    /// them (fast vocabulary transfer: Gee et al. 2022).
    /// </summary>
    /// <returns>By new id.</returns>
    public static ImmutableArray<MappedToken> ByPieces(Tokenizer from, Tokenizer to)
    {
        var shared = Surfaces(from);
        var encoder = from.Unlimited();
        var roles = from.Roles.Pairs().ToDictionary(p => p.Role, p => p.Token);
        var toRoles = to.Roles.Pairs().Select(p => (Id: to.IdOf(p.Token), p.Role)).Where(p => p.Id is not null).ToLookup(p => p.Id!.Value, p => p.Role);
        return [.. Enumerable.Range(0, to.VocabularySize).Select(Map)];

        MappedToken Map(int id)
        {
            if (to.IsSpecial(id))
            {
                var same = toRoles[id].Select(role => roles.TryGetValue(role, out var token) ? from.IdOf(token) : null).Append(from.IdOf(to.TokenOf(id))).FirstOrDefault(old => old is not null);
                return same is { } special ? MappedToken.Shared(special) : MappedToken.Unknown;
            }

            if (TokenSurface.Of(to, id) is not { } text)
            {
                return from.IdOf(to.TokenOf(id)) is { } part ? MappedToken.Shared(part) : MappedToken.Unknown; // a part of a character, spelled alike
            }

            return shared.TryGetValue(text, out var own) ? MappedToken.Shared(own) : MappedToken.Mean(Pieces(encoder, text));
        }
    }

    /// <summary>
    /// As <see cref="ByPieces"/>, but a token that is not shared is the weighted mean of the old tokens nearest to it in a space of given vectors
    /// (Minixhofer, Paischer and Rekabsaz 2022, WECHSEL: softmax of cosines over the nearest); where a token has no vector, its pieces.
    /// </summary>
    /// <param name="from">The old tokenizer.</param>
    /// <param name="to">The new one.</param>
    /// <param name="vectors">Of tokens' texts, of both vocabularies in one space; a token beginning a word may be given with or without its space.</param>
    /// <param name="nearest">How many old tokens share a new one.</param>
    /// <param name="temperature">Of the softmax; low lets the nearest decide.</param>
    /// <exception cref="UserError">Vectors of several lengths, or none of an old token.</exception>
    public static ImmutableArray<MappedToken> BySimilarity(
        Tokenizer from, Tokenizer to, IReadOnlyDictionary<string, float[]> vectors, int nearest = 10, double temperature = 0.1)
    {
        if (vectors.Values.Select(v => v.Length).Distinct().Count() > 1)
        {
            throw new UserError("the vectors have several lengths", "vectors", "give all of one space");
        }

        var old = Surfaces(from).Select(s => (Id: s.Value, Vector: Vector(vectors, s.Key))).Where(s => s.Vector is not null).OrderBy(s => s.Id).ToList();
        if (old.Count == 0)
        {
            throw new UserError("no old token has a vector, so that none can be near to a new one", "vectors", "spell the tokens as text, with the old vocabulary's among them");
        }

        var mapped = ByPieces(from, to).ToArray();
        Parallel.For(0, mapped.Length, id =>
        {
            if (mapped[id].By == MappedBy.Sharing || TokenSurface.Of(to, id) is not { } text || Vector(vectors, text) is not { } vector)
            {
                return;
            }

            var near = old.Select(o => (o.Id, Cosine: Cosine(vector, o.Vector!))).Where(o => !double.IsNaN(o.Cosine))
                .OrderByDescending(o => o.Cosine).ThenBy(o => o.Id).Take(nearest).ToList();
            if (near.Count > 0)
            {
                var weights = near.Select(o => Math.Exp((o.Cosine - near[0].Cosine) / temperature)).ToList();
                var sum = weights.Sum();
                mapped[id] = new([.. near.Select((o, i) => (o.Id, weights[i] / sum))], MappedBy.Similarity);
            }
        });
        return [.. mapped];
    }

    private static double Cosine(float[] a, float[] b)
    {
        var (product, first, second) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            product += a[i] * (double)b[i];
            first += a[i] * (double)a[i];
            second += b[i] * (double)b[i];
        }

        return product / Math.Sqrt(first * second);
    }

    private static Dictionary<string, int> Surfaces(Tokenizer tokenizer)
    {
        var surfaces = new Dictionary<string, int>();
        for (var id = 0; id < tokenizer.VocabularySize; id++)
        {
            if (TokenSurface.Of(tokenizer, id) is { } text)
            {
                surfaces.TryAdd(text, id);
            }
        }

        return surfaces;
    }

    /// <summary>A text as the old tokenizer writes it within a text; what it cannot write gives nothing.</summary>
    private static int[] Pieces(Tokenizer tokenizer, string text)
    {
        var ids = tokenizer.Encode(text);
        var unknown = tokenizer.IdOf(tokenizer.Roles.Unknown);
        return ids.All(id => id == unknown) ? [] : [.. ids.Where(id => id != unknown)];
    }

    private static float[]? Vector(IReadOnlyDictionary<string, float[]> vectors, string text) =>
        vectors.GetValueOrDefault(text) ?? vectors.GetValueOrDefault(text.TrimStart(' '));
}
