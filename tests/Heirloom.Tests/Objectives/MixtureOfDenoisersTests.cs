using CsCheck;
using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Objectives;

public class MixtureOfDenoisersTests
{
    private static readonly SpanCorruptionConfig Ids = new() { FirstSentinel = 999, EndToken = 1 };

    private static readonly MixtureOfDenoisersConfig Published = MixtureOfDenoisersConfig.Published(Ids, regular: 2, sequential: 3, extreme: 4);

    [Fact]
    public void ThePublishedTable() => Assert.Equal(
        [(2, 3.0, 0.15), (2, 8.0, 0.15), (3, null, 0.25), (4, 3.0, 0.5), (4, 8.0, 0.5), (4, 64.0, 0.15), (4, 64.0, 0.5)],
        Published.Denoisers.Select(d => (d.ModeToken!.Value, d.MeanSpanLength, d.Rate)));

    [Fact]
    public void ASequentialDenoiserAsksForTheLastQuarter()
    {
        long[] text = [.. Enumerable.Range(100, 16)];
        var noise = MixtureOfDenoisers.Noise(16, Published.Denoisers[2], new Seed(1).Random());

        var pair = MixtureOfDenoisers.Pair(text, noise, mode: 3, Ids);

        Assert.Equal([3, .. text[..12], 999, 1], pair.Source);
        Assert.Equal([999, .. text[12..], 1], pair.Target);
    }

    [Theory]
    [InlineData(3, 0.15, 77, 26)]
    [InlineData(8, 0.15, 77, 10)]
    [InlineData(3, 0.5, 256, 85)]
    [InlineData(8, 0.5, 256, 32)]
    [InlineData(64, 0.15, 77, 1)]
    [InlineData(64, 0.5, 256, 4)]
    public void RateAndLengthDecideTokensAndSpans(double mean, double rate, int tokens, int spans)
    {
        var noise = MixtureOfDenoisers.Noise(512, new() { Rate = rate, MeanSpanLength = mean }, new Seed(1).Random());

        Assert.Equal(tokens, noise.Count(n => n));
        Assert.Equal(spans, Enumerable.Range(0, 512).Count(i => noise[i] && (i == 0 || !noise[i - 1])));
    }

    [Fact]
    public void EveryTextHasOneParadigmTokenAndAllItsTokens() => Gen.Select(Gen.Int[2, 40], Gen.ULong).Sample((length, seed) =>
    {
        using var scope = NewDisposeScope();
        var ids = arange(100, 100 + length).expand(5, -1).contiguous();

        var batch = MixtureOfDenoisers.Corrupt(new(ids), Published, new(seed));

        for (var row = 0; row < 5; row++)
        {
            long[] read = [.. batch.Source[row].data<long>().ToArray(), .. batch.Target[row].data<long>().ToArray()];
            Assert.InRange(batch.Source[row, 0].item<long>(), 2, 4);
            Assert.Equal(Enumerable.Range(100, length).Select(i => (long)i), read.Where(id => id is >= 100 and < 900).Order());
        }
    }, iter: 50);

    [Fact]
    public void DenoisersAreDrawnByWeight()
    {
        using var scope = NewDisposeScope();
        var config = Published with { Denoisers = [new() { Rate = 0.5, ModeToken = 2, Weight = 3 }, new() { Rate = 0.5, ModeToken = 3, Weight = 1 }, new() { Rate = 0.5, ModeToken = 4, Weight = 0 }] };

        var first = MixtureOfDenoisers.Corrupt(new(arange(100, 108).expand(2000, -1).contiguous()), config, new(1)).Source.select(1, 0).data<long>().ToArray();

        Assert.InRange(first.Count(id => id == 2), 1400, 1600);
        Assert.DoesNotContain(4L, first);
    }

    [Fact]
    public void NothingToDrawIsRefused() => Assert.Throws<UserError>(
        () => MixtureOfDenoisers.Corrupt(new(ones(1, 4, dtype: ScalarType.Int64)), Published with { Denoisers = [new() { Rate = 0.5, Weight = 0 }] }, new(1)));
}

public class PairFormTests
{
    private static readonly SequencePair[] Pairs = [new([5, 6, 7], [8, 9]), new([5], [10, 11, 12, 13])];

    [Fact]
    public void OneRowHoldsSourceAndTargetAndAsksForTheTarget()
    {
        using var scope = NewDisposeScope();
        using var model = DecoderConfig.Llama(32, 16, 16, 1, 2).Build(new(1));

        var causal = new CausalPairs().Predict(model, SequencePairBatches.Collate(Pairs, padding: 0));

        const long no = TokenBatch.Ignore;
        Assert.Equal([no, no, 8, 9, 10, 11, 12, 13], causal.Targets.data<long>().ToArray());
        var plain = model.Encode(new TokenInputs(tensor(new long[] { 5, 6, 7, 8, 5, 10, 11, 12 }, [2, 4])));
        Assert.True(plain.allclose(causal.Hidden));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OnlyAPrefixSeesItselfBothWays(bool prefix)
    {
        using var scope = NewDisposeScope();
        using var model = DecoderConfig.Llama(32, 16, 16, 2, 2).Build(new(1));
        PairForm form = prefix ? new PrefixPairs() : new CausalPairs();

        var before = form.Predict(model, SequencePairBatches.Collate([new([5, 6, 7], [8, 9])], 0)).Hidden;
        var after = form.Predict(model, SequencePairBatches.Collate([new([5, 6, 17], [8, 9])], 0)).Hidden;

        Assert.Equal(prefix, !before[0, 0].allclose(after[0, 0]));
        Assert.False(before[0, 3].allclose(after[0, 3]));
    }

    [Fact]
    public void APairsLossDoesNotDependOnItsNeighbors()
    {
        using var scope = NewDisposeScope();
        using var decoder = DecoderConfig.Llama(32, 16, 16, 2, 2).Build(new(1));
        using var two = EncoderDecoderConfig.T5(32, 16, 1, 2).Build(new(1));
        foreach (var (form, model) in new (PairForm, IModel)[] { (new CausalPairs(), decoder), (new PrefixPairs(), decoder), (new EncoderDecoderPairs(), two) })
        {
            var alone = Pairs.Sum(p => ConditionalLM.Loss(form, model, SequencePairBatches.Collate([p], 0)).Total.item<float>() * p.Target.Count);
            var together = ConditionalLM.Loss(form, model, SequencePairBatches.Collate(Pairs, 0)).Total.item<float>() * 6;

            Assert.Equal(alone, together, 1e-4f);
        }
    }

    [Fact]
    public void AModelOfAnotherKindIsRefused()
    {
        using var scope = NewDisposeScope();
        using var two = EncoderDecoderConfig.T5(32, 16, 1, 2).Build(new(1));

        Assert.Contains("EncoderDecoder", Assert.Throws<UserError>(() => new PrefixPairs().Predict(two, SequencePairBatches.Collate(Pairs, 0))).Message, StringComparison.Ordinal);
    }
}

public class TextContinuationTests
{
    [Fact]
    public void RowsAreSplitAnywhereAndKeptWhole()
    {
        using var scope = NewDisposeScope();
        var split = TextContinuation.Split(new(arange(100, 104).expand(300, -1).contiguous()), new(1));

        var lengths = split.SourceMask.sum(1).data<long>().ToArray();
        Assert.Equal([1, 2, 3], lengths.Distinct().Order());
        Assert.All([1L, 2, 3], n => Assert.InRange(lengths.Count(l => l == n), 70, 130));
        for (var row = 0; row < 10; row++)
        {
            long[] whole = [.. split.Source[row].data<long>().ToArray().Take((int)lengths[row]), .. split.Target[row].data<long>().ToArray().Where(id => id != TokenBatch.Ignore)];
            Assert.Equal([100, 101, 102, 103], whole);
        }
    }

    [Fact]
    public void ADecoderPaysWhatPrefixLMSays()
    {
        using var scope = NewDisposeScope();
        using var model = DecoderConfig.Llama(32, 16, 16, 2, 2).Build(new(1));
        var ids = arange(3, 9).unsqueeze(0);

        var split = TextContinuation.Split(new(ids), new(5));
        var pairs = ConditionalLM.Loss(new PrefixPairs(), model, split).Total;

        var at = (int)split.SourceMask.sum().item<long>();
        var hidden = model.Encode(new TokenInputs(ids) { PrefixLengths = tensor(new long[] { at }) });
        var expected = nn.functional.cross_entropy(model.Head(hidden)[0].narrow(0, at - 1, 6 - at), ids[0].narrow(0, at, 6 - at));
        Assert.Equal(expected.item<float>(), pairs.item<float>(), 1e-4f);
    }
}
