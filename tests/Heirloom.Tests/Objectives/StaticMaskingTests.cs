using Heirloom.Data;
using Heirloom.Data.Sentences;
using Heirloom.Data.Tokens;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Objectives;

public class StaticMaskingTests
{
    private static readonly SentenceRows s_rows = new(
        new([.. Enumerable.Range(0, 30).Select(d => (IReadOnlyList<int[]>)[[.. Enumerable.Range(0, 12).Select(i => new Seed((ulong)d).For("token", i).Random().Next(28) + 4)]])], 1, 2, 0), new DocSentencesConfig(), 16, new(3));

    private static readonly MaskingConfig s_config = new() { MaskToken = 3, VocabularySize = 32, SpecialTokens = [0, 1, 2], Rate = 0.25 };

    private static Dictionary<string, string> Epoch(StaticallyMaskedRows rows, int epoch) => Enumerable.Range(epoch * 30, 30).Select(i => rows.Row(i))
        .ToDictionary(r => string.Join(' ', r.Ids.Zip(r.Targets, (id, target) => target == TokenBatch.Ignore ? id : target)), r => string.Join(' ', r.Targets));

    [Fact]
    public void MasksTakeTurnsEpochByEpoch()
    {
        var rows = new StaticallyMaskedRows(s_rows, new(s_config), copies: 2, new(1));

        Assert.Equal(Epoch(rows, 0), Epoch(rows, 2));
        Assert.Equal(Epoch(rows, 1), Epoch(rows, 3));
        Assert.NotEqual(Epoch(rows, 0), Epoch(rows, 1));
        Assert.Equal(Epoch(rows, 0).Keys.Order(), Epoch(rows, 1).Keys.Order());
        Assert.NotEqual(rows.Fingerprint, new StaticallyMaskedRows(s_rows, new(s_config), 3, new(1)).Fingerprint);
        Assert.NotEqual(rows.Fingerprint, new StaticallyMaskedRows(s_rows, new(s_config with { Rate = 0.3 }), 2, new(1)).Fingerprint);
    }

    [Fact]
    public void HidesTheRateAndNeverAMark()
    {
        var rows = new StaticallyMaskedRows(s_rows, new(s_config), 1, new(1));

        var hidden = Enumerable.Range(0, 30).SelectMany(i => rows.Row(i).Targets).Where(t => t != TokenBatch.Ignore).ToList();

        Assert.Equal(30 * 3, hidden.Count); // a quarter of twelve
        Assert.All(hidden, t => Assert.InRange(t, 4, 31));
    }

    [Fact]
    public void NextSentenceIsTheSumOfBothMeans()
    {
        using var scope = NewDisposeScope();
        var model = SentencePairLMConfig.Example.Build(new(1));
        var (ids, targets) = (tensor(new long[] { 1, 5, 2, 6, 2, 1, 7, 2, 8, 2 }, 2, 5), full([2, 5], TokenBatch.Ignore, dtype: ScalarType.Int64));
        targets[0, 1] = 9;
        TokenBatch batch = new(ids, targets) { TokenTypes = tensor(new long[] { 0, 0, 0, 1, 1, 0, 0, 0, 1, 1 }, 2, 5), Relations = tensor(new long[] { 1, TokenBatch.Ignore }) };

        var loss = NextSentence.Loss(model, batch);

        var inputs = new TokenInputs(ids) { TokenTypes = batch.TokenTypes };
        var hidden = model.Encode(inputs);
        var expected = -(model.Head(hidden).log_softmax(-1)[0, 1, 9] + model.Relation(hidden, inputs).log_softmax(-1)[0, 1]);
        Assert.Equal(expected.item<float>(), loss.Total.item<float>(), 1e-5f);
        Assert.Throws<UserError>(() => NextSentence.Loss(model, batch with { Relations = null }));
    }
}
