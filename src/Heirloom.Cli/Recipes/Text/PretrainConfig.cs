using System.Security.Cryptography;
using Heirloom.Checkpoints;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Encoding;

using Heirloom.Models;
using Heirloom.Models.Text;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>A language model from nothing.</summary>
[Kind("pretrain")]
public sealed record PretrainConfig : TextTrainingConfig, IExample<PretrainConfig>
{
    public static PretrainConfig Example => new()
    {
        Name = "example", Sources = [NamedSource.Example], Model = DecoderConfig.Llama(512, 32, 32, 1, 2), Packing = new() { ContextLength = 32, BatchSize = 4 },
        Training = new() { Steps = 4 },
    };

    public required ModelConfig Model { get; init; }

    /// <summary>The tokenizer to learn from the training text.</summary>
    public TokenizerTrainingConfig? Tokenizer { get; init; }

    /// <summary>A tokenizer to take instead: a <c>tokenizer.json</c> or a folder with one.</summary>
    public string? TokenizerPath { get; init; }

    /// <summary>Weights of the sources that change over steps; replaces the sources' own.</summary>
    public MixtureConfig? Mixture { get; init; }

    internal override IPreparedRecipe Prepare(RecipeContext context)
    {
        var work = context.Work;
        NamedSource.Check(Sources, "sources");
        Mixture?.Check(Sources.Length);
        if (Tokenizer is not null == TokenizerPath is not null)
        {
            throw new UserError(Tokenizer is null ? "names no tokenizer" : "names two tokenizers", "tokenizer", "give either tokenizer (to learn one) or tokenizer_path (to take one)");
        }

        var given = TokenizerPath is null ? null : TokenizerFile.Load(TokenizerPath);
        var model = Model.Build(new Seed(Seed).For("model"));
        var corpora = new List<TextCorpus>();
        try
        {
            if (Tokenizer is BpeTrainingConfig { VocabularySize: var wanted } && model is ITokenEncoder encoder)
            {
                VocabularyCheck.Require(wanted, encoder.VocabularySize, "tokenizer.vocabulary_size");
            }

            var sources = Sources.Select(s => (s.Name, Text: s.Source.Open(work))).ToList();
            sources.ForEach(s => TextCorpus.Require(s.Text, s.Name, Split));
            var tokenizer = given ?? Learn([.. sources.Select(s => Split.Take(s.Text, SplitPart.Train))], work);
            CheckText(model, tokenizer, "model");
            var objective = Objective.For(model, tokenizer);
            foreach (var (name, text) in sources)
            {
                corpora.Add(TextCorpus.Open(name, text, tokenizer, Split, work));
            }

            return new TextTraining(this, "pretrain", model, tokenizer, objective, work)
            {
                Batches = seed => TextMixture.Of(corpora, [.. Sources.Select(s => s.Weight)], Mixture, Packing, seed),
                Scored = corpora,
                Sources = [.. Sources.Select(s => s.Source)],
            };
        }
        catch
        {
            corpora.ForEach(c => c.Dispose());
            model.Module.Dispose();
            throw;
        }
    }

    /// <summary>Learning takes a while on much text and depends on nothing but text and settings, so it is done once.</summary>
    private Tokenizer Learn(IReadOnlyList<IDocumentSource> texts, WorkContext work)
    {
        var key = SHA256.HashData(TextEncoding.UTF8.GetBytes($"{Settings.ToYaml(Tokenizer!)}\n{string.Join('\n', texts.Select(t => t.Fingerprint))}"));
        var folder = Path.Combine(work.Places.Cache, "tokenizers", Convert.ToHexStringLower(key)[..32]);
        if (!Directory.Exists(folder))
        {
            var tokenizer = Tokenizer!.Train(texts.SelectMany(t => t.Read()).Select(d => d.Text), work);
            work.Stop.ThrowIfCancellationRequested();
            Atomic.WriteFolder(folder, tokenizer.WriteTo);
        }

        return TokenizerFile.Load(folder);
    }
}
