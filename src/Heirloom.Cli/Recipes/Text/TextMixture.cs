using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Tokens;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>Training rows from one corpus or several.</summary>
internal static class TextMixture
{
    /// <param name="corpora">Where rows come from.</param>
    /// <param name="weights">One a corpus; null stands for its tokens.</param>
    /// <param name="mixture">Weights that change over steps, instead.</param>
    /// <param name="packing">Rows and batches.</param>
    /// <param name="seed">Order of rows and choice of corpora.</param>
    public static IBatches<TokenBatch> Of(IReadOnlyList<TextCorpus> corpora, IReadOnlyList<double?> weights, MixtureConfig? mixture, PackingConfig packing, Seed seed)
    {
        if (corpora.Count == 1)
        {
            return new PackedBatches(corpora[0].Train, packing, seed);
        }

        var rows = corpora.Select(c => new PackedRows(c.Train, packing, seed.For(c.Name)));
        mixture ??= MixtureConfig.Constant([.. weights.Select((w, i) => w ?? corpora[i].Train.Info.Tokens)]);
        return new MixtureBatches(rows, mixture, packing.BatchSize, seed.For("mixture"));
    }
}
