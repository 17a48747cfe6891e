using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.InContext;
using Heirloom.Models.Parts;
using Heirloom.Models.Speech;
using Heirloom.Models.Vision;
using Heirloom.Models.VisionLanguage;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Contracts;

/// <summary>Batches and calls that fit the models' examples; see <see cref="IExample{TSelf}"/> for what they agree on.</summary>
internal static class Tiny
{
    private const int Rows = 6;

    private const int Length = 12;

    /// <summary>Batches of a type, each learnable at a glance: counting texts, labels that stand in the first token, images as bright as their label.</summary>
    public static IReadOnlyList<TBatch> Batches<TBatch>() => typeof(TBatch) switch
    {
        var t when t == typeof(TokenBatch) => As<TBatch>(new TokenBatch(Ids()), new TokenBatch(Ids(), Segments: Halves()), new TokenBatch(Ids(), Mask: Mask()), new TokenBatch(Ids()) { TokenTypes = Halves(), Relations = Labels().remainder(2) }),
        var t when t == typeof(SequencePairBatch) => As<TBatch>(new SequencePairBatch(Ids(), Mask(), Ids().narrow(1, 0, 5))),
        var t when t == typeof(LabeledTokenBatch) => As<TBatch>(
            new LabeledTokenBatch(Ids(), Mask(), Labels()),
            new LabeledTokenBatch(Ids(), Mask(), Ids().remainder(3).masked_fill(Mask().logical_not(), TokenBatch.Ignore))),
        var t when t == typeof(ImageBatch) => As<TBatch>(new ImageBatch(Images(), Labels())),
        var t when t == typeof(ImageTextBatch) => As<TBatch>(
            new ImageTextBatch(Patterns(), Ids()), new ImageTextBatch(Patterns(), Ids(), Mask())),
        var t when t == typeof(AudioBatch) => As<TBatch>(new AudioBatch(Samples()), new AudioBatch(Samples(), SampleMask())),
        var t when t == typeof(LabeledAudioBatch) => As<TBatch>(new LabeledAudioBatch(Samples(), SampleMask(), Labels()), new LabeledAudioBatch(Samples(), SampleMask(), Transcripts())),
        var t when t == typeof(RegressionBatch) => As<TBatch>(new RegressionBatch(Points(), Points().sum(2))),
        var t => throw new NotSupportedException($"no tiny {t.Name} yet: add one to {nameof(Tiny)}.{nameof(Batches)}"),
    };

    /// <summary>Everything that a model can do, by its capabilities.</summary>
    public static IEnumerable<(string Name, Func<Tensor> Call)> Calls(IModel model)
    {
        var found = false;
        if (model is ITokenEncoder tokens)
        {
            found = true;
            yield return ("Encode", () => tokens.Encode(new(Ids())));
            yield return ("Encode with a mask", () => tokens.Encode(new(Ids()) { Mask = Mask() }));
            yield return ("Encode with segments", () => tokens.Encode(new(Ids()) { Segments = Halves() }));
        }

        if (model is ILanguageModel language)
        {
            yield return ("Head", () => language.Head(language.Encode(new(Ids()))));
        }

        if (model is ISentencePairLM pairs)
        {
            yield return ("Relation", () => pairs.Relation(pairs.Encode(new(Ids())), new(Ids())));
        }

        if (model is ISequenceToSequenceLM sequences)
        {
            found = true;
            var (source, mask) = sequences is AssembledSequences { Hears: true } ? (Samples(), SampleMask()) : (Ids(), Mask());
            var memoryMask = sequences is AssembledSequences assembled ? assembled.MemoryMask(mask) : mask;
            yield return ("EncodeSource", () => sequences.EncodeSource(source, mask));
            yield return ("Decode", () => sequences.Head(sequences.Decode(Ids(), sequences.EncodeSource(source, mask), memoryMask)));
        }

        if (model is AssembledSequences { Hears: true } hearing)
        {
            yield return ("Hear", () => hearing.Hear(new(Samples()) { HiddenFrames = arange(hearing.Frames.Frames(SampleCount)).remainder(3).eq(0).expand(Rows, -1) }));
        }

        if (model is AssembledText text)
        {
            foreach (var target in text.Targets)
            {
                yield return (target.Kind, () => target switch
                {
                    BidirectionalLMTarget both => both.Before(text.Encode(new(Ids()))),
                    SentencePairTarget related => related.Relation(text.Encode(new(Ids())).select(1, 0)),
                    ClassificationTarget classes => classes.Classify(text.Encode(new(Ids())).select(1, 0)),
                    _ => text.Head(text.Encode(new(Ids()))),
                });
            }
        }

        if (model is AssembledImages seeing)
        {
            var visible = arange(seeing.Patches / 2).unsqueeze(0).expand(Rows, -1);
            if (seeing.Find<MaskedPixelsTarget>() is { } pixels)
            {
                yield return ("masked_pixels", () => pixels.Pixels(seeing.EncodeVisible(Images(model), visible), visible));
            }

            if (seeing.Find<MaskedCodesTarget>() is { } codes)
            {
                yield return ("masked_codes", () => codes.Logits(seeing.EncodeHidden(Images(model), arange(seeing.Patches).eq(1).expand(Rows, -1))));
            }
        }

        if (model is AssembledPair pair)
        {
            found = true;
            yield return ("Logits", () => pair.Logits(pair.EmbedTexts(new(Ids()) { Mask = Mask() }), pair.EmbedImages(Images(model))));
        }

        if (model is IImageEncoder images)
        {
            found = true;
            yield return ("Encode", () => images.Encode(Images(model)));
            yield return ("Embed", () => images.Embed(Images(model)));
        }

        if (model is IClassifier<TokenInputs> texts)
        {
            found = true;
            yield return ("Classify", () => texts.Classify(new(Ids()) { Mask = Mask() }));
        }

        if (model is IClassifier<Tensor> vectors)
        {
            found = true;
            yield return ("Classify", () => vectors.Classify(Images(model)));
        }

        if (model is SpanExtractor spans)
        {
            found = true;
            yield return ("Spans", () => spans.Spans(new(Ids()) { Mask = Mask() }));
        }

        if (model is ChoiceScorer choices)
        {
            found = true;
            yield return ("Choose", () => choices.Choose(new(Ids().view(2, Rows / 2, Length)) { Mask = Mask().view(2, Rows / 2, Length) }));
        }

        if (model is ReplacedTokenDetector detector)
        {
            found = true;
            yield return ("Detect", () => detector.Detect(new(Ids()) { Mask = Mask() }));
        }

        if (model is IInContextRegressor functions)
        {
            found = true;
            yield return ("Predict", () => functions.Predict(Points(), Points().sum(2)));
        }

        if (model is ITextEmbedder embedder)
        {
            yield return ("Embed", () => embedder.Embed(new(Ids()) { Mask = Mask() }));
        }

        if (model is Clip clip)
        {
            found = true;
            yield return ("Logits", () => clip.Logits(clip.EmbedTexts(new(Ids()) { Mask = Mask() }), clip.EmbedImages(Images(model))));
        }

        if (model is IAudioEncoder audio)
        {
            found = true;
            var frames = audio.Frames(SampleCount);
            yield return ("Encode", () => audio.Encode(new(Samples())));
            yield return ("Encode with a mask", () => audio.Encode(new(Samples()) { Mask = SampleMask() }));
            yield return ("Encode with hidden frames", () => audio.Encode(new(Samples()) { HiddenFrames = arange(frames).remainder(3).eq(0).expand(Rows, -1) }));
        }

        if (model is ITranscriber transcriber)
        {
            found = true;
            yield return ("Transcribe", () => transcriber.Transcribe(new(Samples()) { Mask = SampleMask(), HiddenFrames = arange(transcriber.Encoder.Frames(SampleCount)).eq(1).expand(Rows, -1) }));
        }

        if (model is IClassifier<AudioInputs> sounds)
        {
            found = true;
            yield return ("Classify", () => sounds.Classify(new(Samples()) { Mask = SampleMask(), HiddenFrames = arange(((SpeechClassifier)sounds).Encoder.Frames(SampleCount)).eq(1).expand(Rows, -1) }));
        }

        if (model is MaskedImageModel reconstructor)
        {
            found = true;
            yield return ("Reconstruct", () => reconstructor.Reconstruct(Images(model), arange(reconstructor.Patches).remainder(2).eq(0).expand(Rows, -1)));
        }

        if (model is SpeechPretrainer pretrainer)
        {
            found = true;
            var settings = pretrainer.Settings;
            var frames = pretrainer.Encoder.Frames(SampleCount);
            AudioInputs Hidden() => new(Samples()) { HiddenFrames = arange(frames).remainder(2).eq(0).expand(Rows, -1) };
            yield return ("Contexts", () => pretrainer.Compare(Hidden()).Contexts);
            yield return ("Codes", () => pretrainer.Compare(Hidden(), zeros(Rows, frames, settings.Groups, settings.Codes)).Codes.Vectors);
        }

        Assert.True(found, $"the contract tests know no capability of {model.GetType().Name}: teach {nameof(Tiny)}.{nameof(Calls)} its interface");
    }

    private static IReadOnlyList<TBatch> As<TBatch>(params object[] batches) => [.. batches.Cast<TBatch>()];

    /// <summary>Rows that count on in a circle of eight tokens, row r from r.</summary>
    private static Tensor Ids() => arange(Length).unsqueeze(0).add(arange(Rows).unsqueeze(1)).remainder(8).add(4);

    private static Tensor Mask() => arange(Length).unsqueeze(0).less(arange(Rows).unsqueeze(1).add(Length - Rows + 1));

    private static Tensor Halves() => arange(Length).greater_equal(Length / 2).to(ScalarType.Int64).expand(Rows, -1);

    private static Tensor Labels() => arange(Rows).remainder(3);

    /// <summary>An image of its own for each row.</summary>
    private static Tensor Patterns() => linspace(0, 3, 64).view(1, 1, 8, 8).mul(arange(1, Rows + 1).view(-1, 1, 1, 1)).mul(3).sin();

    private const int SampleCount = 128;

    /// <summary>Tones, each label its own.</summary>
    private static Tensor Samples() => linspace(0, 1, SampleCount).unsqueeze(0).mul(Labels().mul(30).add(20).unsqueeze(1)).sin();

    private static Tensor SampleMask() => arange(SampleCount).unsqueeze(0).less(arange(Rows).unsqueeze(1).mul(4).add(SampleCount - (4 * Rows)));

    private static Tensor Transcripts() => stack([Labels().add(4), full(Rows, 7, dtype: ScalarType.Int64), Labels().mul(0).add(TokenBatch.Ignore)], 1);

    private static Tensor Points() => linspace(-1, 1, Rows * 4 * 2, ScalarType.Float32).mul(7).sin().view(Rows, 4, 2);

    private static Tensor Images(IModel? model = null) => linspace(0, 1, 64).view(1, 1, 8, 8)
        .add(Labels().view(-1, 1, 1, 1)).to(model?.Module.parameters().First().dtype ?? ScalarType.Float32);
}
