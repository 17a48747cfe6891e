using CsCheck;
using Heirloom.Data;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Objectives;

public class BlankInfillingTests
{
    private static readonly BlankInfillingConfig Config = new() { MaskToken = 1, StartToken = 2, EndToken = 3 };

    [Fact]
    public void ThePublishedExample()
    {
        // x1 … x6 of which x3 and x5 x6 are blanks: part A is x1 x2 [M] x4 [M] (Du et al. 2022, fig. 2, positions counted from 0)
        using var scope = NewDisposeScope();
        var orders = new HashSet<string>();
        for (var seed = 0UL; seed < 8; seed++)
        {
            var row = BlankRow.Of([11, 12, 13, 14, 15, 16], [2..3, 4..6], Config, new Seed(seed).Random());

            Assert.Equal([11, 12, 1, 14, 1], row.Ids.Take(5));
            Assert.Equal(5, row.TextLength);
            var last = row.Ids[6] == 15;
            orders.Add($"{last}");
            Assert.Equal(last ? [2, 15, 16, 2, 13] : [2, 13, 2, 15, 16], row.Ids.Skip(5));
            Assert.Equal(last ? [0, 1, 2, 3, 4, 4, 4, 4, 2, 2] : [0, 1, 2, 3, 4, 2, 2, 4, 4, 4], row.Positions);
            Assert.Equal(last ? [0, 0, 0, 0, 0, 1, 2, 3, 1, 2] : [0, 0, 0, 0, 0, 1, 2, 1, 2, 3], row.BlankPositions);
            Assert.Equal(last ? [15, 16, 3, 13, 3] : [13, 3, 15, 16, 3], row.Targets.Skip(5));
        }

        Assert.Equal(2, orders.Count);
    }

    [Fact]
    public void EverySpanLiesInTheTextAndTouchesNoOther() => Gen.Select(Gen.Int[2, 200], Gen.Double[0.05, 1], Gen.ULong).Sample((length, rate, seed) =>
    {
        var spans = BlankSpans.Short(length, rate, 3, new Seed(seed).Random());

        Assert.Equal(Math.Max(1, (int)Math.Round(length * rate)), spans.Sum(s => s.End.Value - s.Start.Value));
        Assert.All(spans.Zip(spans.Skip(1)), p => Assert.True(p.First.End.Value < p.Second.Start.Value));
        Assert.InRange(spans[0].Start.Value, 0, length - 1);
        Assert.InRange(spans[^1].End.Value, 1, length);
    }, iter: 300);

    [Fact]
    public void LongSpansHoldHalfToAll() => Gen.Select(Gen.Int[2, 100], Gen.ULong).Sample((length, seed) =>
    {
        var span = Assert.Single(BlankSpans.Long(length, new Seed(seed).Random()));

        Assert.InRange(2 * (span.End.Value - span.Start.Value), length, 2 * length);
        Assert.InRange(span.Start.Value, 0, length - 1);
        Assert.InRange(span.End.Value, 1, length);
    }, iter: 300);

    [Fact]
    public void SentencesAreCutWhole()
    {
        long[] text = [10, 11, 9, 12, 9, 13, 14, 15, 9, 16];
        for (var seed = 0UL; seed < 20; seed++)
        {
            var spans = BlankSpans.Sentences(text, Config with { SentenceEnds = [9], Rate = 0.3 }, new Seed(seed).Random());

            Assert.All(spans, s => Assert.Contains((s.Start.Value, s.End.Value), new[] { (0, 3), (3, 5), (5, 9), (9, 10) }));
            Assert.True(spans.Sum(s => s.End.Value - s.Start.Value) >= 3);
        }
    }

    [Fact]
    public void PartASeesNoBlankAndPartBNoLaterToken()
    {
        using var scope = NewDisposeScope();
        using var model = BlankInfillerConfig.Glm(32, 32, 16, 2, 2).Build(new(1));
        var row = BlankRow.Of([11, 12, 13, 14, 15, 16], [2..3, 4..6], Config, new Seed(1).Random());
        var inputs = BlankRow.Collate([row], CPU).Inputs;
        var changed = inputs.Ids.clone();
        changed[0, 8] = 30;

        var before = model.Encode(inputs);
        var after = model.Encode(inputs with { Ids = changed });

        Assert.True(before.narrow(1, 0, 8).allclose(after.narrow(1, 0, 8)));
        Assert.False(before[0, 8].allclose(after[0, 8]));
        Assert.False(before[0, 9].allclose(after[0, 9]));
        changed = inputs.Ids.clone();
        changed[0, 4] = 30;
        Assert.False(before[0, 0].allclose(model.Encode(inputs with { Ids = changed })[0, 0]));
    }

    [Fact]
    public void KindsWithoutWeightAreRefused()
    {
        using var scope = NewDisposeScope();
        TokenBatch batch = new(ones(1, 4, dtype: ScalarType.Int64));

        Assert.Throws<UserError>(() => BlankInfilling.Cut(batch, Config with { ShortSpans = 0, Documents = 0 }, new(1)));
        Assert.Contains("sentence", Assert.Throws<UserError>(() => BlankInfilling.Cut(batch, Config with { Sentences = 1 }, new(1))).Message, StringComparison.Ordinal);
    }
}

public class BlankPairsTests
{
    private static readonly Heirloom.Data.Batching.SequencePair[] Pairs = [new([5, 4, 7], [8, 9]), new([4, 6], [10, 11, 12])];

    [Fact]
    public void OneBlankIsWhatTheObjectiveCuts()
    {
        using var scope = NewDisposeScope();
        using var model = BlankInfillerConfig.Glm(32, 32, 16, 2, 2).Build(new(1));
        var config = new BlankInfillingConfig { MaskToken = 4, StartToken = 2, EndToken = 9 };
        var (inputs, targets) = BlankRow.Collate([BlankRow.Of([5, 8, 7], [1..2], config, new Seed(1).Random())], CPU);

        var pair = new BlankPairs { MaskToken = 4, StartToken = 2 }.Predict(model, Heirloom.Data.Batching.SequencePairBatches.Collate([new([5, 4, 7], [8, 9])], 0));

        Assert.Equal(targets.data<long>().ToArray(), pair.Targets.data<long>().ToArray());
        Assert.True(model.Encode(inputs).allclose(pair.Hidden));
    }

    [Fact]
    public void APairsLossDoesNotDependOnItsNeighbors()
    {
        using var scope = NewDisposeScope();
        using var infiller = BlankInfillerConfig.Glm(32, 32, 16, 2, 2).Build(new(1));
        using var encoder = EncoderConfig.Bert(32, 32, 16, 2, 2).Build(new(1));
        foreach (var (form, model) in new (PairForm, Heirloom.Models.IModel)[] { (new BlankPairs { MaskToken = 4, StartToken = 2 }, infiller), (new MaskedPairs { MaskToken = 4 }, encoder) })
        {
            var alone = Pairs.Sum(p => ConditionalLM.Loss(form, model, Heirloom.Data.Batching.SequencePairBatches.Collate([p], 0)).Total.item<float>() * p.Target.Count);
            var together = ConditionalLM.Loss(form, model, Heirloom.Data.Batching.SequencePairBatches.Collate(Pairs, 0)).Total.item<float>() * 5;

            Assert.Equal(alone, together, 1e-4f);
        }
    }

    [Fact]
    public void AMaskForEachTokenOfTheTarget()
    {
        using var scope = NewDisposeScope();
        using var encoder = EncoderConfig.Bert(32, 32, 16, 2, 2).Build(new(1));

        var pair = new MaskedPairs { MaskToken = 4 }.Predict(encoder, Heirloom.Data.Batching.SequencePairBatches.Collate([new([5, 4, 7], [8, 9])], 0));

        Assert.Equal([-100, 8, 9, -100], pair.Targets.data<long>().ToArray());
        Assert.True(encoder.Encode(new(tensor(new long[] { 5, 4, 4, 7 }).unsqueeze(0))).allclose(pair.Hidden));
    }

    [Fact]
    public void ASourceWithoutItsBlankIsRefused()
    {
        using var scope = NewDisposeScope();
        using var encoder = EncoderConfig.Bert(32, 32, 16, 1, 2).Build(new(1));

        Assert.Throws<UserError>(() => new MaskedPairs { MaskToken = 4 }.Predict(encoder, Heirloom.Data.Batching.SequencePairBatches.Collate([new([5, 7], [8])], 0)));
    }
}
