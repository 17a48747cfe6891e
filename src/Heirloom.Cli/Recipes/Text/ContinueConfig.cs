using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Adaptation.Peft;
using Heirloom.Models;
using TorchSharp;

namespace Heirloom.Cli.Recipes.Text;

/// <summary>Old text that is mixed into the new, against forgetting.</summary>
public sealed record ReplayConfig : IExample<ReplayConfig>
{
    public static ReplayConfig Example => new() { Sources = [NamedSource.Example with { Name = "old" }] };

    public required ImmutableArray<NamedSource> Sources { get; init; }

    /// <summary>Share of the rows that are old.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Fraction { get; init; } = 0.25;
}

/// <summary>A pretrained model trained further on new text, with scores on new and old text before and after.</summary>
[Kind("continue")]
public sealed record ContinueConfig : TextTrainingConfig, IExample<ContinueConfig>
{
    public static ContinueConfig Example => new()
    {
        Name = "example", From = "runs/example-1/checkpoint", Sources = [NamedSource.Example], Replay = ReplayConfig.Example,
        Packing = new() { ContextLength = 32, BatchSize = 4 }, Training = new() { Steps = 4 },
    };

    /// <summary>A model folder, or a run by its id or name.</summary>
    public required string From { get; init; }

    /// <summary>Keeps architecture and tokenizer and forgets the weights: what the continuation is compared with.</summary>
    public bool RandomStart { get; init; }

    /// <summary>Trains this alone, beside a model that stays as it is; all of the model when null.</summary>
    public AdapterConfig? Adapter { get; init; }

    public ReplayConfig? Replay { get; init; }

    /// <summary>Further text to score on, not to train on: what must not be forgotten.</summary>
    public ImmutableArray<NamedSource> AlsoScore { get; init; } = [];

    internal override IPreparedRecipe Prepare(RecipeContext context)
    {
        var work = context.Work;
        NamedSource.Check(Sources, "sources");
        var replayed = Replay is null ? [] : Replay.Sources;
        if (Replay is not null)
        {
            NamedSource.Check(replayed, "replay.sources");
        }

        ImmutableArray<NamedSource> all = [.. Sources, .. replayed, .. AlsoScore];
        if (all.GroupBy(s => s.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new UserError($"two sources are called '{twice.Key}'", "sources", "give each a name of its own");
        }

        var start = StartingPoint.Find(From, context);
        var loaded = start.Load<IModel>(work);
        if (RandomStart)
        {
            loaded.Model.Module.Dispose();
            loaded = loaded with { Model = loaded.Model.Config.Build(new Seed(Seed).For("model")) };
            loaded.Model.Module.to(work.Device);
        }

        var corpora = new List<TextCorpus>();
        try
        {
            CheckText(loaded.Model, start.Tokenizer, start.Folder);
            var objective = Objective.For(loaded.Model, start.Tokenizer);
            foreach (var source in all)
            {
                var text = source.Source.Open(work);
                TextCorpus.Require(text, source.Name, Split, train: !AlsoScore.Contains(source));
                corpora.Add(TextCorpus.Open(source.Name, text, start.Tokenizer, Split, work, train: !AlsoScore.Contains(source)));
            }

            var trained = corpora.Take(Sources.Length + replayed.Length).ToList();
            var weights = Shares(Sources, corpora, 1 - (Replay?.Fraction ?? 0)).Concat(Shares(replayed, [.. trained.Skip(Sources.Length)], Replay?.Fraction ?? 0));
            return new TextTraining(this, RandomStart ? "pretrain" : "continue", loaded.Model, start.Tokenizer, objective, work)
            {
                Batches = seed => TextMixture.Of(trained, [.. weights.Select(w => (double?)w)], null, Packing, seed),
                Scored = corpora,
                Sources = [.. all.Select(s => s.Source)],
                Adapter = Adapter?.Build(loaded.Model, new Seed(Seed).For("adapter")),
                Remainder = loaded.Remainder,
                Parent = RandomStart ? null : new(loaded.WeightsHash, start.Folder, "start"),
            };
        }
        catch
        {
            corpora.ForEach(c => c.Dispose());
            loaded.Model.Module.Dispose();
            throw;
        }
    }

    /// <summary>Weights inside a group of sources, scaled to the group's share.</summary>
    private static double[] Shares(ImmutableArray<NamedSource> sources, List<TextCorpus> corpora, double share)
    {
        var weights = sources.Select((s, i) => s.Weight ?? corpora[i].Train.Info.Tokens).ToArray();
        return [.. weights.Select(w => share * w / weights.Sum())];
    }
}
