using static TorchSharp.torch;

namespace Heirloom.Data.Selection;

/// <summary>Exact nearest neighbors among document vectors of any making (<see cref="TermVectors"/>, a model's embeddings).</summary>
public static class NearestDocuments
{
    // similarities are held for so many queries at a time
    private const int Block = 512;

    /// <summary>For each query, the places of the k documents with the highest cosine, nearest first.</summary>
    /// <param name="queries_QF"><c>[Q, F]</c></param>
    /// <param name="corpus_NF"><c>[N, F]</c></param>
    /// <param name="k">Neighbors a query; all documents where there are fewer.</param>
    public static IReadOnlyList<IReadOnlyList<int>> Of(Tensor queries_QF, Tensor corpus_NF, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var (queries, corpus) = (Unit(queries_QF), Unit(corpus_NF).t());
        var take = (int)Math.Min(k, corpus_NF.shape[0]);
        var all = new List<IReadOnlyList<int>>();
        for (var start = 0L; start < queries.shape[0]; start += Block)
        {
            using var block = NewDisposeScope();
            var cosines = queries.narrow(0, start, Math.Min(Block, queries.shape[0] - start)).matmul(corpus);
            var places = cosines.topk(take, dim: 1).indexes.cpu().data<long>().ToArray();
            all.AddRange(places.Chunk(take).Select(row => (IReadOnlyList<int>)[.. row.Select(i => (int)i)]));
        }

        return all;
    }

    /// <summary>
    /// The pool that a task's documents choose from a domain: every document that is among the k nearest of at least one of them, each once, in the
    /// domain's order (kNN-TAPT; Gururangan et al. 2020, §5.2).
    /// </summary>
    /// <inheritdoc cref="Of"/>
    public static IReadOnlyList<int> Pool(Tensor queries_QF, Tensor corpus_NF, int k) => [.. Of(queries_QF, corpus_NF, k).SelectMany(row => row).Distinct().Order()];

    private static Tensor Unit(Tensor x) => nn.functional.normalize(x, p: 2, dim: 1);
}
