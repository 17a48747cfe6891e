using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Heirloom.Data;
using Heirloom.Data.Tokens;
using static TorchSharp.torch;

namespace Heirloom.Objectives;

/// <summary>How tokens are hidden from a masked language model.</summary>
public sealed record MaskingConfig : IExample<MaskingConfig>
{
    public static MaskingConfig Example => new() { MaskToken = 1, VocabularySize = 32, SpecialTokens = [0], Rate = 0.3 };

    /// <summary>Share of a row's ordinary tokens that are to be predicted.</summary>
    [Range(0.0, 1.0)]
    public double Rate { get; init; } = 0.15;

    [Range(0, int.MaxValue)]
    public required int MaskToken { get; init; }

    [Range(1, int.MaxValue)]
    public required int VocabularySize { get; init; }

    /// <summary>Ids that are never masked and never drawn as random tokens: padding, separators, classes.</summary>
    public ImmutableArray<int> SpecialTokens { get; init; } = [];

    /// <summary>Share of the chosen tokens that the model sees as the mask.</summary>
    [Range(0.0, 1.0)]
    public double MaskShare { get; init; } = 0.8;

    /// <summary>Share that it sees as some other token; it sees the rest as they are.</summary>
    [Range(0.0, 1.0)]
    public double RandomShare { get; init; } = 0.1;

    public MaskingPattern Pattern { get; init; } = new TokenMasking();
}

/// <summary>Chooses tokens and hides them.</summary>
/// <remarks>
/// Devlin et al. 2019, §3.1 and app. A.1. Called with a new seed every step it is RoBERTa's dynamic masking (Liu et al. 2019, §4.1); called once with one
/// seed it is static (<see cref="StaticallyMaskedRows"/>). The number of masked tokens is the rate times the row's ordinary tokens, rounded up or down by chance so that its mean is exact.
/// </remarks>
public sealed class Masking
{
    private readonly MaskingConfig _config;
    private readonly IReadOnlyList<bool>? _wordStarts;
    private readonly bool[] _never;
    private readonly long[] _ordinary;

    /// <param name="config">Rates and ids.</param>
    /// <param name="wordStarts">For every id of the vocabulary, whether a word begins with it; null makes every token a word of its own.</param>
    /// <exception cref="UserError">Ids outside the vocabulary, shares above one, or no word starts where whole words are asked for.</exception>
    public Masking(MaskingConfig config, IReadOnlyList<bool>? wordStarts = null)
    {
        if (config.MaskToken >= config.VocabularySize || config.SpecialTokens.Any(id => id < 0 || id >= config.VocabularySize))
        {
            throw new UserError($"mask and special tokens must lie in a vocabulary of {config.VocabularySize}", "masking", "take the ids from the tokenizer");
        }

        if (config.MaskShare + config.RandomShare > 1 + 1e-9)
        {
            throw new UserError($"mask_share and random_share add up to {config.MaskShare + config.RandomShare}", "masking", "at most 1");
        }

        if (config.Pattern is WholeWordMasking && wordStarts is null)
        {
            throw new UserError("whole-word masking needs to know which tokens begin a word", "masking", "pass the tokenizer's word starts");
        }

        if (wordStarts is not null && wordStarts.Count != config.VocabularySize)
        {
            throw new UserError($"word starts are given for {wordStarts.Count} tokens of {config.VocabularySize}", "masking", "one for every id");
        }

        (_config, _wordStarts) = (config, wordStarts);
        _never = new bool[config.VocabularySize];
        foreach (var id in config.SpecialTokens.Append(config.MaskToken))
        {
            _never[id] = true;
        }

        _ordinary = [.. Enumerable.Range(0, config.VocabularySize).Where(id => !_never[id]).Select(id => (long)id)];
        if (_ordinary.Length == 0)
        {
            throw new UserError("every token of the vocabulary is special", "masking", "leave some to be masked");
        }
    }

    public int VocabularySize => _config.VocabularySize;

    /// <summary>Names what is hidden and how, for lineage.</summary>
    public string Fingerprint => Hashes.OfText($"{Settings.ToYaml(_config)} {string.Join("", (_wordStarts ?? []).Select(b => b ? 1 : 0))}");

    /// <summary>The batch as the model sees it, with the hidden tokens as targets.</summary>
    /// <returns>A batch whose targets are <see cref="TokenBatch.Ignore"/> except where a token was chosen.</returns>
    public TokenBatch Apply(TokenBatch batch, Seed seed)
    {
        var (rows, length) = ((int)batch.Count, (int)batch.Ids.shape[1]);
        var ids = batch.Ids.cpu().data<long>().ToArray();
        var real = batch.Mask?.cpu().data<bool>().ToArray();
        var segments = batch.Segments?.cpu().data<long>().ToArray();
        var targets = new long[ids.Length];
        Array.Fill(targets, TokenBatch.Ignore);
        for (var row = 0; row < rows; row++)
        {
            var span = new Range(row * length, (row + 1) * length);
            Hide(
                ids.AsSpan(span),
                real is null ? default : real.AsSpan(span),
                segments is null ? default : segments.AsSpan(span),
                targets.AsSpan(span),
                seed.For("row", row).Random());
        }

        return batch with
        {
            Ids = tensor(ids, batch.Ids.shape, device: batch.Ids.device),
            Targets = tensor(targets, batch.Ids.shape, device: batch.Ids.device),
        };
    }

    /// <summary>One row, before it is in a batch.</summary>
    /// <inheritdoc cref="Apply"/>
    public TokenRow ApplyToRow(TokenRow row, Seed seed)
    {
        var (ids, targets, real) = (row.Ids.ToArray(), new long[row.Ids.Length], new bool[row.Ids.Length]);
        Array.Fill(targets, TokenBatch.Ignore);
        real.AsSpan(0, row.Length).Fill(true);
        Hide(ids, real, row.Segments ?? default(ReadOnlySpan<long>), targets, seed.Random());
        return row with { Ids = ids, Targets = targets };
    }

    private void Hide(Span<long> ids, ReadOnlySpan<bool> real, ReadOnlySpan<long> segments, Span<long> targets, Rng rng)
    {
        var words = Words(ids, real, segments);
        var wanted = _config.Rate * words.Sum(word => word.End.Value - word.Start.Value);
        var budget = (int)(wanted + rng.NextDouble());
        if (budget == 0)
        {
            return;
        }

        foreach (var range in _config.Pattern.Choose(words, budget, rng))
        {
            ids[range].CopyTo(targets[range]);
            var fate = rng.NextDouble();
            if (fate < _config.MaskShare)
            {
                ids[range].Fill(_config.MaskToken);
            }
            else if (fate < _config.MaskShare + _config.RandomShare)
            {
                foreach (ref var id in ids[range])
                {
                    id = _ordinary[rng.Next(_ordinary.Length)];
                }
            }
        }
    }

    private List<Range> Words(ReadOnlySpan<long> ids, ReadOnlySpan<bool> real, ReadOnlySpan<long> segments)
    {
        var words = new List<Range>();
        var open = false;
        for (var i = 0; i < ids.Length; i++)
        {
            var id = ids[i];
            if (id < 0 || id >= _never.Length)
            {
                throw new UserError($"token {id} lies outside the vocabulary of {_never.Length}", "masking", "tokenize with the model's own tokenizer");
            }

            if (_never[id] || (!real.IsEmpty && !real[i]))
            {
                open = false;
                continue;
            }

            var continues = open && _config.Pattern.ByWord && _wordStarts is not null && !_wordStarts[(int)id]
                && (segments.IsEmpty || segments[i] == segments[i - 1]);
            if (continues)
            {
                words[^1] = words[^1].Start..(i + 1);
            }
            else
            {
                words.Add(i..(i + 1));
            }

            open = true;
        }

        return words;
    }
}
