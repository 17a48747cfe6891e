using CsCheck;
using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Models.Speech;
using Heirloom.Objectives.Speech;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Models;

public class SpeechModelTests
{
    private static readonly SpeechEncoderConfig s_stable = SpeechEncoderConfig.Example with
    {
        WaveformNorm = WaveformNorm.EveryLayerOverChannels,
        Block = SpeechEncoderConfig.Example.Block with { Placement = NormPlacement.Pre },
    };

    [Theory]
    [InlineData(400, 1)]
    [InlineData(719, 1)]
    [InlineData(720, 2)]
    [InlineData(16000, 49)]
    [InlineData(399, 0)]
    public void APublishedModelMakesAFrameOf400SamplesEvery320(long samples, long frames) =>
        Assert.Equal(frames, SpeechEncoderConfig.Wav2Vec(width: 16, layers: 1, heads: 2).Frames(samples));

    [Fact]
    public void PaddingChangesNothingOfAModelThatNormalizesFrames()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = s_stable.Build(new(1));
        model.eval();
        var samples = linspace(0, 30, 96).sin().unsqueeze(0);
        var padded = nn.functional.pad(samples, [0, 40], value: 5);
        var alone = model.Encode(new(samples));
        var among = model.Encode(new(padded) { Mask = arange(136).unsqueeze(0).lt(96) });

        Assert.Equal(s_stable.Frames(96), alone.shape[1]);
        Assert.True(alone.allclose(among.narrow(1, 0, alone.shape[1]), 1e-4, 1e-5));
        Assert.False(alone.allclose(model.Encode(new(padded)).narrow(1, 0, alone.shape[1]), 1e-4, 1e-5));
    }

    [Fact]
    public void AHiddenFrameIsNotHeard()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = s_stable.Build(new(1));
        model.eval();
        var (a, b) = (linspace(0, 30, 96).sin().unsqueeze(0), linspace(0, 7, 96).cos().unsqueeze(0));
        var all = ones(1, s_stable.Frames(96), dtype: @bool);

        Assert.True(model.Encode(new(a) { HiddenFrames = all }).allclose(model.Encode(new(b) { HiddenFrames = all })));
        Assert.Contains("no vector for hidden frames", Assert.Throws<UserError>(() =>
            (s_stable with { Masking = new() { Frames = 0 } }).Build(new(1)).Encode(new(a) { HiddenFrames = all })).Message);
    }

    [Fact]
    public void MistakesAreRefused()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("shorter than one frame", Assert.Throws<UserError>(() => s_stable.Build(new(1)).Encode(new(zeros(2, 5)))).Message);
        Assert.Contains("does not split into 3 groups", Assert.Throws<UserError>(() => (s_stable with { PositionGroups = 3 }).Build(new(1))).Message);
        Assert.Contains("the blank is symbol 9 of 9", Assert.Throws<UserError>(() => new SpeechTranscriberConfig { Encoder = s_stable, VocabularySize = 9, Blank = 9 }.Build(new(1))).Message);
        var pretrainer = SpeechPretrainerConfig.Example;
        Assert.Contains("which an adapter makes fewer", Assert.Throws<UserError>(() => (pretrainer with { Encoder = s_stable with { Adapter = FrameAdapterConfig.Example } }).Build(new(1))).Message);
        Assert.Contains("more than a codebook holds", Assert.Throws<UserError>(() => (pretrainer with { Codes = int.MaxValue }).Build(new(1))).Message);
        var model = SpeechTranscriberConfig.Example.Build(new(1));
        Assert.Contains("a label is 32 and the model has 32 symbols", Assert.Throws<UserError>(() => Transcription.Loss(model, new(zeros(1, 128)), full(1, 2, 32, dtype: int64))).Message);
    }

    /// <summary>The probability of a transcript is the sum over all paths of frames that collapse to it.</summary>
    [Fact]
    public void TheLossIsThatOfAllPathsTogether()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        const int Frames = 4, Symbols = 3;
        var model = (SpeechTranscriberConfig.Example with { VocabularySize = Symbols }).Build(new(1));
        var logits = linspace(-1, 2, Frames * Symbols).mul(5).sin().view(1, Frames, Symbols);
        var chances = logits.softmax(-1);
        var total = 0.0;
        for (var path = 0; path < 81; path++)
        {
            var symbols = Enumerable.Range(0, Frames).Select(i => path / (int)Math.Pow(3, i) % 3).ToArray();
            if (TranscriptionDecoding.Greedy(nn.functional.one_hot(tensor(symbols, int64), Symbols).unsqueeze(0), blank: 0)[0] is [1, 2])
            {
                total += symbols.Select((s, i) => (double)chances[0, i, s].item<float>()).Aggregate((a, b) => a * b);
            }
        }

        Assert.Equal(-Math.Log(total), model.TranscriptLoss(logits, null, tensor(new long[,] { { 1, 2, -100 } })).item<float>(), 4);
    }

    [Fact]
    public void GreedyMergesRepeatsAndLeavesOutBlanks()
    {
        using var scope = NewDisposeScope();
        var path = tensor(new long[,] { { 0, 3, 3, 0, 3, 2, 2, 0 }, { 1, 1, 0, 0, 0, 4, 4, 4 } });
        var logits = nn.functional.one_hot(path, 5);

        Assert.Equal<int[]>([[3, 3, 2], [1, 4]], TranscriptionDecoding.Greedy(logits, blank: 0));
        Assert.Equal<int[]>([[3, 3], [1]], TranscriptionDecoding.Greedy(logits, blank: 0, tensor(new long[] { 5, 2 })));
    }

    [Fact]
    public void ClassifiersAndTranscribersHideAsTheirSettingsSayWhileTheyTrain()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var encoder = s_stable with { Masking = s_stable.Masking with { Frames = 0.5, FrameSpan = 1, Channels = 0.5, ChannelSpan = 1 } };
        var batch = new LabeledAudioBatch(linspace(0, 30, 192).sin().view(2, 96), null, tensor(new long[] { 0, 1 }));
        var classifier = new SpeechClassifierConfig { Encoder = encoder, Classes = 3 }.Build(new(1));
        Assert.Equal([false, true], Same(seed => SpeechClassification.Objective()(classifier, batch, seed), classifier));
        var transcriber = new SpeechTranscriberConfig { Encoder = encoder, VocabularySize = 9 }.Build(new(1));
        Assert.Equal([false, true], Same(seed => Transcription.Objective()(transcriber, batch with { Labels = tensor(new long[,] { { 1, 2 }, { 3, -100 } }) }, seed), transcriber));

        // in training two seeds hide differently, in evaluation nothing is hidden
        static bool[] Same(Func<Seed, Heirloom.Objectives.Loss> loss, nn.Module model) => [.. new[] { true, false }.Select(training =>
        {
            model.train(training);
            return loss(new(1)).Total.item<float>() == loss(new(2)).Total.item<float>();
        })];
    }

    [Fact]
    public void SpansLieWithinTheirRowsAndCoverWhatTheyShould() => Gen.Select(Gen.Long[0, 40].Array[1, 4], Gen.Int[1, 12], Gen.Double[0, 1], Gen.Int[0, 3], Gen.ULong)
        .Sample((lengths, span, share, fewest, seed) =>
        {
            using var scope = NewDisposeScope();
            var width = lengths.Max() + 1;
            var hidden = SpanMasking.Draw(lengths, width, share, span, fewest, new(seed), CPU);
            for (var row = 0; row < lengths.Length; row++)
            {
                var flags = hidden[row].data<bool>().ToArray();
                Assert.All(flags.Skip((int)lengths[row]), Assert.False);
                // runs are at least as long as a span
                var runs = string.Concat(flags.Select(f => f ? 'x' : ' ')).Split(' ', StringSplitOptions.RemoveEmptyEntries);
                Assert.All(runs, run => Assert.True(run.Length >= span));
                Assert.True(fewest == 0 || lengths[row] < span || width < span || flags.Any(f => f));
            }
        }, iter: 300);
}
