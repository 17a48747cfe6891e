using System.ComponentModel.DataAnnotations;

namespace Heirloom.Data.Tokens;

/// <summary>Windows for perplexity over a whole file.</summary>
public sealed record EvaluationConfig : IExample<EvaluationConfig>
{
    public static EvaluationConfig Example => new() { ContextLength = 16, BatchSize = 2 };

    /// <summary>Tokens a window, T.</summary>
    [Range(1, 1 << 20)]
    public required int ContextLength { get; init; }

    /// <summary>Windows a batch.</summary>
    [Range(1, 1 << 20)]
    public required int BatchSize { get; init; }

    /// <summary>
    /// Tokens that each window predicts: T (null) is cheapest; fewer gives each prediction at least T − stride tokens of context and costs T / stride times as much.
    /// </summary>
    [Range(1, 1 << 20)]
    public int? Stride { get; init; }

    /// <summary>At most so many windows, spread evenly over the file so that no document stands for all; null for every one.</summary>
    [Range(1, long.MaxValue)]
    public long? MaxWindows { get; init; }

    public Boundaries Boundaries { get; init; } = Boundaries.Respect;
}

/// <summary>
/// Every predictable token of a file exactly once, in order: all but the first, and all but the first of each document where boundaries are respected;
/// or, with <see cref="EvaluationConfig.MaxWindows"/>, those of windows spread over it.
/// A step past the end starts over; <see cref="StepsPerEpoch"/> steps are one evaluation, the last of which may be smaller.
/// </summary>
public sealed class EvaluationBatches : IBatches<TokenBatch>
{
    private readonly TokenFile _file;
    private readonly EvaluationConfig _config;
    private readonly int _stride;
    private readonly long _all, _windows;

    /// <exception cref="UserError">A stride longer than the window, or a file without anything to predict.</exception>
    public EvaluationBatches(TokenFile file, EvaluationConfig config)
    {
        (_file, _config, _stride) = (file, config, config.Stride ?? config.ContextLength);
        if (_stride > config.ContextLength)
        {
            throw new UserError($"stride {_stride} would leave out tokens", "stride", $"at most context_length {config.ContextLength}");
        }

        var predictions = file.Info.Tokens - 1;
        if (predictions < 1)
        {
            throw new UserError("holds a single token: there is nothing to predict", file.Path, "evaluate on more text");
        }

        _all = 1 + (Math.Max(0, predictions - config.ContextLength) + _stride - 1) / _stride;
        _windows = Math.Min(_all, config.MaxWindows ?? _all);
        Fingerprint = Hashes.OfText($"evaluation {file.Fingerprint} {config}");
    }

    public string Fingerprint { get; }

    public long? StepsPerEpoch => (_windows + _config.BatchSize - 1) / _config.BatchSize;

    public TokenBatch At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        var first = step % StepsPerEpoch!.Value * _config.BatchSize;
        var rows = new TokenRow[Math.Min(_config.BatchSize, _windows - first)];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = Window((long)((Int128)(first + i) * _all / _windows));
        }

        return TokenRow.Collate(rows);
    }

    private TokenRow Window(long window)
    {
        var start = window * _stride;
        var piece = new Piece(start, (int)Math.Min(_config.ContextLength, _file.Info.Tokens - start));
        var row = RowBuilder.Build(_file, [piece], _config.ContextLength, _config.Boundaries);
        var scoredBefore = window == 0 ? 0 : _config.ContextLength - _stride;
        row.Targets.AsSpan(0, scoredBefore).Fill(TokenBatch.Ignore);
        return row;
    }
}
