using System.Collections.Immutable;

namespace Heirloom.Encoding.Extending;

/// <summary>One new token as old ones, with weights that sum to 1; none where nothing is known of it.</summary>
public readonly record struct MappedToken(ImmutableArray<(int Id, double Weight)> Parts)
{
    public static MappedToken Of(params ReadOnlySpan<int> ids)
    {
        var weight = 1.0 / Math.Max(1, ids.Length);
        return new([.. ids.ToArray().Select(id => (id, weight))]);
    }

    /// <summary>Whether it is an old token.</summary>
    public bool IsShared => Parts is [(_, 1.0)];
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
        var roles = from.Roles.Pairs().ToDictionary(p => p.Role, p => p.Token);
        var toRoles = to.Roles.Pairs().Select(p => (Id: to.IdOf(p.Token), p.Role)).Where(p => p.Id is not null).ToLookup(p => p.Id!.Value, p => p.Role);
        return [.. Enumerable.Range(0, to.VocabularySize).Select(Map)];

        MappedToken Map(int id)
        {
            if (to.IsSpecial(id))
            {
                var same = toRoles[id].Select(role => roles.TryGetValue(role, out var token) ? from.IdOf(token) : null).Append(from.IdOf(to.TokenOf(id))).FirstOrDefault(old => old is not null);
                return same is { } special ? MappedToken.Of(special) : new([]);
            }

            if (TokenSurface.Of(to, id) is not { } text)
            {
                return from.IdOf(to.TokenOf(id)) is { } part ? MappedToken.Of(part) : new([]); // a part of a character, spelled alike
            }

            return shared.TryGetValue(text, out var own) ? MappedToken.Of(own) : MappedToken.Of(Pieces(from, text));
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
    /// <exception cref="UserError">Vectors of several lengths.</exception>
    public static ImmutableArray<MappedToken> BySimilarity(
        Tokenizer from, Tokenizer to, IReadOnlyDictionary<string, float[]> vectors, int nearest = 10, double temperature = 0.1)
    {
        if (vectors.Values.Select(v => v.Length).Distinct().Count() > 1)
        {
            throw new UserError("the vectors have several lengths", "vectors", "give all of one space");
        }

        var old = Surfaces(from).Select(s => (Id: s.Value, Vector: Vector(vectors, s.Key))).Where(s => s.Vector is not null).OrderBy(s => s.Id).ToList();
        var mapped = ByPieces(from, to).ToArray();
        Parallel.For(0, mapped.Length, id =>
        {
            if (mapped[id].IsShared || old.Count == 0 || TokenSurface.Of(to, id) is not { } text || Vector(vectors, text) is not { } vector)
            {
                return;
            }

            var near = old.Select(o => (o.Id, Cosine: Cosine(vector, o.Vector!))).Where(o => !double.IsNaN(o.Cosine))
                .OrderByDescending(o => o.Cosine).ThenBy(o => o.Id).Take(nearest).ToList();
            if (near.Count > 0)
            {
                var weights = near.Select(o => Math.Exp((o.Cosine - near[0].Cosine) / temperature)).ToList();
                var sum = weights.Sum();
                mapped[id] = new([.. near.Select((o, i) => (o.Id, weights[i] / sum))]);
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
