using System.Numerics.Tensors;
using Heirloom.Encoding;
using Heirloom.Encoding.Extending;
using Heirloom.Reuse.MergeRecipes;

namespace Heirloom.Reuse.Merging;

/// <summary>
/// The tokens of a merge, and each model's row for each of them. A model that lacks a token takes the base's row; without one that of the only model that has it,
/// or the mean of those that do; the recipe may say otherwise.
/// </summary>
/// <remarks>mergekit's rules (Goddard et al. 2024).</remarks>
internal sealed class MergeVocabulary
{
    private readonly Dictionary<MergeModel, int[]> _rows;
    private readonly Dictionary<int, (MergeModel? Model, int Row, bool Force)> _given = [];

    private MergeVocabulary(MergeRecipe recipe, TokenizerChoice choice, MergeModel reference, IReadOnlyDictionary<string, MergeModel> models)
    {
        var tokenizers = models.Values.ToDictionary(m => m, m => TokenizerFile.Load(m.Folder));
        var source = choice.Source is TokenizerChoice.Union or TokenizerChoice.OfBase ? reference : Named(choice.Source, models, choice.Where);
        var tokens = choice.Tokens.Keys.Order(StringComparer.Ordinal);
        Tokenizer = Extended(tokenizers[source], choice.Source == TokenizerChoice.Union ? models.Values.SelectMany(m => Tokens(tokenizers[m], m)).Concat(tokens.Select(t => (t, true))) : tokens.Select(t => (t, true)));
        // a tokenizer that lost or gained nothing is copied with all that lies beside it
        Source = source.Folder;
        IsSource = ReferenceEquals(Tokenizer, tokenizers[source]);
        Count = Tokenizer.VocabularySize;
        Rows = choice.PadToMultipleOf is { } multiple ? (Count + multiple - 1) / multiple * multiple : Count;
        Base = recipe.Base is { } named ? models[named] : null;
        _rows = models.Values.ToDictionary(m => m, m => Enumerable.Range(0, Count).Select(id => RowOf(tokenizers[m], m, Tokenizer.NameOf(id))).ToArray());
        foreach (var (token, row) in choice.Tokens.Where(t => t.Value.Zero || t.Value.Model is not null))
        {
            _given[Tokenizer.IdOf(token)!.Value] = Given(token, row, tokenizers, models);
        }
    }

    public Tokenizer Tokenizer { get; }

    /// <summary>The folder of the model whose tokenizer it is, or began as.</summary>
    public string Source { get; }

    /// <summary>Whether it is that one unchanged.</summary>
    public bool IsSource { get; }

    /// <summary>Rows of the embeddings, padding included.</summary>
    public int Rows { get; }

    private int Count { get; }

    private MergeModel? Base { get; }

    /// <summary>Models that give rows whether or not the tensor is merged from them.</summary>
    public IEnumerable<MergeModel> Donors => _given.Values.Select(g => g.Model).OfType<MergeModel>().Distinct();

    /// <summary>The vocabulary that a recipe asks for; null where it asks for none, which it may where all models have the same tokens.</summary>
    /// <exception cref="UserError">A model has no tokenizer, tokens differ and nothing is said of that, or a row's source does not exist.</exception>
    public static MergeVocabulary? Of(MergeRecipe recipe, MergeModel reference, IReadOnlyDictionary<string, MergeModel> models)
    {
        if (recipe.Tokenizer is { } choice)
        {
            return reference.Vocabulary is null
                ? throw new UserError($"{reference.Name} has no vocabulary", choice.Where, "leave the tokenizer out of the recipe")
                : new(recipe, choice, reference, models);
        }

        foreach (var other in models.Values.Where(m => m != reference && !SameFile(m, reference)))
        {
            RequireSame(reference, other);
        }

        return null;
    }

    /// <summary>A tensor of one model with the rows of the merged vocabulary.</summary>
    /// <param name="model">Whose.</param>
    /// <param name="merged">The models that the tensor is merged from, the base among them.</param>
    /// <param name="old">Every model's own rows, those of <see cref="Donors"/> too.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="rows">The result.</param>
    public void Fill(MergeModel model, IReadOnlyList<MergeModel> merged, IReadOnlyDictionary<MergeModel, ReadOnlyMemory<float>> old, int width, Span<float> rows)
    {
        for (var id = 0; id < Count; id++)
        {
            var row = rows.Slice(id * width, width);
            var given = _given.TryGetValue(id, out var named);
            if (_rows[model][id] is >= 0 and var own && !(given && named.Force))
            {
                Row(model, own).CopyTo(row);
            }
            else if (given)
            {
                if (named.Model is { } donor)
                {
                    Row(donor, named.Row).CopyTo(row);
                }
                else
                {
                    row.Clear();
                }
            }
            else
            {
                Default(id, row);
            }
        }

        for (var id = Count; id < Rows; id++)
        {
            Mean(rows[..(Count * width)], width, rows.Slice(id * width, width));
        }

        ReadOnlySpan<float> Row(MergeModel of, int row) => old[of].Span.Slice(row * width, width);

        void Default(int id, Span<float> row)
        {
            row.Clear();
            var have = merged.Where(m => _rows[m][id] >= 0).ToList();
            have = Base is not null && have.Contains(Base) ? [Base] : have;
            foreach (var m in have)
            {
                TensorPrimitives.Add(row, Row(m, _rows[m][id]), row);
            }

            if (have.Count > 1)
            {
                TensorPrimitives.Divide(row, have.Count, row);
            }
        }
    }

    private static void Mean(ReadOnlySpan<float> rows, int width, Span<float> mean)
    {
        var sums = new double[width];
        for (var at = 0; at < rows.Length; at++)
        {
            sums[at % width] += rows[at];
        }

        for (var i = 0; i < width; i++)
        {
            mean[i] = (float)(sums[i] / (rows.Length / width));
        }
    }

    private static MergeModel Named(string name, IReadOnlyDictionary<string, MergeModel> models, string where) => models.TryGetValue(name, out var model) ? model
        : throw new UserError($"'{name}' is no model of this merge", where, UserError.Nearest(name, models.Keys));

    /// <summary>The tokens that a model has rows for, and whether they are special.</summary>
    private static IEnumerable<(string Token, bool Special)> Tokens(Tokenizer tokenizer, MergeModel model) =>
        Enumerable.Range(0, Math.Min(tokenizer.VocabularySize, model.Vocabulary ?? int.MaxValue)).Select(id => (tokenizer.NameOf(id)!, tokenizer.IsSpecial(id))).Where(t => t.Item1 is not null);

    private static Tokenizer Extended(Tokenizer tokenizer, IEnumerable<(string Token, bool Special)> tokens)
    {
        var missing = tokens.Where(t => tokenizer.IdOf(t.Token) is null).DistinctBy(t => t.Token).ToList();
        foreach (var kind in missing.GroupBy(t => t.Special).OrderBy(g => g.Key))
        {
            tokenizer = TokenizerExtension.Add(tokenizer, kind.Select(t => t.Token), kind.Key).Tokenizer;
        }

        return tokenizer;
    }

    private static int RowOf(Tokenizer tokenizer, MergeModel model, string? token) =>
        token is not null && tokenizer.IdOf(token) is { } id && id < (model.Vocabulary ?? int.MaxValue) ? id : -1;

    private static (MergeModel? Model, int Row, bool Force) Given(string token, TokenOrigin row, Dictionary<MergeModel, Tokenizer> tokenizers, IReadOnlyDictionary<string, MergeModel> models)
    {
        if (row.Zero)
        {
            return (null, 0, row.Force);
        }

        var model = Named(row.Model!, models, row.Where);
        var id = row.Id ?? RowOf(tokenizers[model], model, row.Token ?? token);
        return id >= 0 && id < model.Vocabulary ? (model, id, row.Force)
            : throw new UserError(row.Id is null ? $"{model.Name} has no token '{row.Token ?? token}'" : $"{model.Name} has {model.Vocabulary} rows, and no row {row.Id}", row.Where, "name a model that has it");
    }

    private static bool SameFile(MergeModel a, MergeModel b)
    {
        var (one, two) = (Path.Combine(a.Folder, TokenizerFile.FileName), Path.Combine(b.Folder, TokenizerFile.FileName));
        return File.Exists(one) && File.Exists(two) && File.ReadAllBytes(one).AsSpan().SequenceEqual(File.ReadAllBytes(two));
    }

    /// <summary>The same ids mean the same tokens, as far as both models have rows. A folder without a tokenizer says nothing.</summary>
    private static void RequireSame(MergeModel reference, MergeModel other)
    {
        if (!HasTokenizer(reference) || !HasTokenizer(other))
        {
            return;
        }

        var (ours, theirs) = (TokenizerFile.Load(reference.Folder), TokenizerFile.Load(other.Folder));
        var rows = Math.Min(Math.Min(reference.Vocabulary ?? int.MaxValue, other.Vocabulary ?? int.MaxValue), Math.Max(ours.VocabularySize, theirs.VocabularySize));
        for (var id = 0; id < rows; id++)
        {
            if (ours.TokenOf(id) is { } a && theirs.TokenOf(id) is { } b && a != b)
            {
                throw new UserError($"the vocabularies differ: token {id} is '{a}' in {reference.Name} and '{b}' in {other.Name}", Path.Combine(other.Folder, TokenizerFile.FileName), "add 'tokenizer_source: union' or 'base' to the recipe");
            }
        }
    }

    private static bool HasTokenizer(MergeModel model) => Directory.EnumerateFiles(model.Folder).Any(f => Path.GetFileName(f) is TokenizerFile.FileName or "vocab.txt" or "vocab.json" or "tokenizer.model" or "spiece.model");
}
