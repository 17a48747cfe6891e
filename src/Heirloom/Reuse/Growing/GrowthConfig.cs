using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Reuse.Vocabularies;

namespace Heirloom.Reuse.Growing;

/// <summary>A way to make a larger model of a pretrained one. What it can grow are decoders, encoders, vision transformers, and classifiers over them.</summary>
public abstract record GrowthConfig : Kinded
{
    /// <summary>What stands in the way of computing the same as before; null where the grown model does so to rounding.</summary>
    /// <param name="small">The model before.</param>
    /// <param name="large">The sizes after.</param>
    public abstract string? Changes(ModelAxes small, ModelSize large);

    /// <summary>The larger model, on the device, of the type and in the mode of the small one, which stays as it is.</summary>
    /// <remarks>New tokens' rows are the mean of all rows (<see cref="VocabularyRows"/>), whatever the method.</remarks>
    /// <param name="small">Pretrained.</param>
    /// <param name="large">From <see cref="GrowthTarget.From"/>, or of a larger model.</param>
    /// <param name="seed">Of all that is drawn.</param>
    /// <exception cref="UserError">The method or growing does not cover the model or these sizes, or a weight is no number.</exception>
    public TModel Grow<TModel>(TModel small, ModelSize large, Seed seed)
        where TModel : class, IModel
    {
        var old = ModelSize.Of(small.Config);
        large.RequireFrom(old);
        if (large.Vocabulary is not { } tokens || tokens == old.Vocabulary)
        {
            return (TModel)Expand(new(small), large, seed);
        }

        _ = new Grower(small); // refused before work
        var rows = Enumerable.Range(0, tokens).Select(IReadOnlyList<(int, double)> (id) => id < old.Vocabulary ? [(id, 1.0)] : []);
        var extended = (TModel)VocabularyRows.Exchange(small, [.. rows], seed.For("vocabulary"));
        if (large == old with { Vocabulary = tokens })
        {
            return extended;
        }

        using var module = extended.Module;
        return (TModel)Expand(new(extended), large, seed);
    }

    /// <summary>Whether it learns from text how to grow, so that <see cref="Learn{TModel}"/> is the way to it.</summary>
    public virtual bool LearnsFromText() => false;

    /// <summary>The larger model, by a method that learns from text; by any other as <see cref="Grow"/> gives it.</summary>
    /// <param name="small">Pretrained.</param>
    /// <param name="large">As many tokens as before where it learns.</param>
    /// <param name="text">To learn from.</param>
    /// <param name="seed">Of all that is drawn.</param>
    /// <param name="work">Where to compute.</param>
    /// <exception cref="UserError">As <see cref="Grow"/>.</exception>
    public TModel Learn<TModel>(TModel small, ModelSize large, IBatches<TokenBatch> text, Seed seed, WorkContext work)
        where TModel : class, IModel => LearnsFromText() ? (TModel)Learn((IModel)small, large, text, seed, work) : Grow(small, large, seed);

    /// <inheritdoc cref="Learn{TModel}"/>
    protected virtual IModel Learn(IModel small, ModelSize large, IBatches<TokenBatch> text, Seed seed, WorkContext work) => Grow(small, large, seed);

    /// <summary>Grows all but the vocabulary.</summary>
    protected abstract IModel Expand(Grower small, ModelSize large, Seed seed);

    /// <summary>Refuses a change of width where a method has layers only.</summary>
    /// <exception cref="UserError">It would grow wider.</exception>
    protected void RequireDepthOnly(ModelSize small, ModelSize large)
    {
        if (!large.IsAsWideAs(small with { Vocabulary = large.Vocabulary }))
        {
            throw new UserError($"'{Settings.KindOf(GetType())}' adds layers and does not widen", "width", "choose bert2bert-fpi, bert2bert-aki, hypercloning, net2net or msg, or grow in two steps");
        }
    }

    /// <summary>Refuses more layers where a method widens only.</summary>
    /// <exception cref="UserError">It would grow deeper.</exception>
    protected void RequireWidthOnly(ModelSize small, ModelSize large)
    {
        if (large.Layers != small.Layers)
        {
            throw new UserError($"'{Settings.KindOf(GetType())}' widens and adds no layers", "layers", "choose stack, interpolate, bert2bert-fpi, bert2bert-aki, net2net or msg, or grow in two steps");
        }
    }

    /// <summary>Says which norm would see copies in other shares than before; null for none.</summary>
    protected static string? Uneven(ModelAxes small, ModelSize large) => small.NormedAxes.Where(a => large[a] % small.Size[a] != 0)
        .Select(a => $"norms see the old {small.Size[a]} {(a == Axis.Width ? "columns" : "heads")} in uneven shares among {large[a]}").FirstOrDefault();
}
