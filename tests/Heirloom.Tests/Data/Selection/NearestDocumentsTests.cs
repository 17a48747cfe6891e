using Heirloom.Data.Selection;
using static TorchSharp.torch;

namespace Heirloom.Tests.Data.Selection;

public sealed class NearestDocumentsTests
{
    [Fact]
    public void TermWeightsAreTheFormulas()
    {
        using var scope = NewDisposeScope();
        var vectors = new TermVectors([[0, 0, 1], [1]], terms: 3);
        var row = vectors.Embed([[0, 0, 1], []]).data<float>().ToArray();

        // term 0: twice here, in one of two documents; term 1: once here, in both
        var first = (1 + Math.Log(2)) * (1 + Math.Log(3.0 / 2));
        var second = 1.0;
        var length = Math.Sqrt((first * first) + (second * second));
        Assert.Equal([first / length, second / length, 0, 0, 0, 0], row.Select(v => (double)v), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void NeighborsAreThoseOfAnExhaustiveSearchWhateverTheLengths()
    {
        using var scope = NewDisposeScope();
        var random = new Seed(3).Random();
        float[][] Rows(int count) => [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 5).Select(_ => (float)random.NextGaussian() * 3).ToArray())];
        var (queries, corpus) = (Rows(600), Rows(40));

        // more queries than are searched at a time
        var found = NearestDocuments.Of(Stack(queries), Stack(corpus), 4);

        Assert.Equal(600, found.Count);
        foreach (var (query, near) in queries.Zip(found))
        {
            Assert.Equal(Enumerable.Range(0, corpus.Length).OrderByDescending(i => Cosine(query, corpus[i])).Take(4), near);
        }
    }

    [Fact]
    public void APoolHoldsEachDocumentOnceInOrder()
    {
        using var scope = NewDisposeScope();
        var corpus = Stack([[1, 0], [0, 1], [1, 1], [-1, -1]]);

        Assert.Equal([0, 1], NearestDocuments.Pool(Stack([[0, 2], [3, 0], [0, 1]]), corpus, 1));
        Assert.Equal([0, 1, 2, 3], NearestDocuments.Pool(Stack([[0, 2]]), corpus, 100));
    }

    private static Tensor Stack(float[][] rows) => tensor(rows.SelectMany(r => r).ToArray(), [rows.Length, rows[0].Length]);

    private static double Cosine(float[] a, float[] b) =>
        a.Zip(b, (x, y) => (double)x * y).Sum() / Math.Sqrt(a.Sum(x => (double)x * x) * b.Sum(x => (double)x * x));
}
