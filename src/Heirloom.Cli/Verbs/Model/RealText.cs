using System.Collections.Immutable;
using Heirloom.Checkpoints;
using Heirloom.Cli.Verbs.Tokenizers;
using Heirloom.Data;
using Heirloom.Data.Tokens;
using Heirloom.Encoding;
using Heirloom.Reuse.Growing;

namespace Heirloom.Cli.Verbs.Model;

/// <summary>A person's own text, in the tokens of a model, on which two models are compared, and what follows it, from which one may learn.</summary>
internal sealed record RealText(IReadOnlyList<int[]> Documents, IReadOnlyList<int[]> Further, int Separator, ImmutableSortedDictionary<string, string> Fingerprints)
{
    /// <summary>So much text is enough to compare models by, and so much to learn operators from.</summary>
    private const int Compared = 16_384, Learned = 4_000_000;

    private const int Rows = 8;

    /// <summary>Reads the beginning of the files; text is refused before a model is loaded.</summary>
    /// <exception cref="UserError">A file is missing or no text, or the model reads no tokens.</exception>
    public static RealText Open(string[] files, string folder, ModelSize model, bool learn, WorkContext work)
    {
        var rows = model.Vocabulary ?? throw new UserError("the model reads no tokens", "--data", "leave it out");
        var tokenizer = TokenizerFile.Load(folder).Unlimited();
        VocabularyCheck.Require(tokenizer.VocabularySize, rows, folder);
        files = [.. files.Distinct()];
        var (documents, further, tokens) = (new List<int[]>(), new List<int[]>(), 0);
        var sources = CorpusFiles.Open(files, work);
        foreach (var document in sources.SelectMany(s => s.Read()).TakeWhile(_ => tokens < (learn ? Learned : Compared)))
        {
            var ids = tokenizer.Encode(document.Text);
            (tokens < Compared ? documents : further).Add(ids);
            tokens += ids.Length;
        }

        if (!documents.Any(d => d.Length > 1))
        {
            throw new UserError("holds no text", files[0], "name files with text in them");
        }

        if (learn && further.Count == 0)
        {
            throw new UserError($"holds {tokens} tokens, of which the first {Compared} are kept to compare by: nothing is left to learn from", files[0], "give more text");
        }

        return new(documents, further, tokenizer.EndOfText ?? tokenizer.Padding ?? 0, files.Zip(sources).ToImmutableSortedDictionary(f => f.First, f => f.Second.Fingerprint));
    }

    /// <summary>What is not compared by, shuffled, without an end.</summary>
    public IBatches<TokenBatch> Lessons(int context, Seed seed) => new InMemoryRows(Further, context, Separator, seed).Batches(Rows);

    /// <summary>Rows of equal length, each token after the first predicted once.</summary>
    /// <param name="context">Tokens a row, at most.</param>
    public IEnumerable<TokenBatch> Batches(int context)
    {
        int[] all = [.. Documents.SelectMany(d => d)];
        var length = Math.Min(context, all.Length);
        foreach (var rows in Enumerable.Range(0, all.Length / length).Select(i => all[(i * length)..((i + 1) * length)]).Chunk(Rows))
        {
            yield return TokenBatch.OfRows(rows);
        }
    }
}
