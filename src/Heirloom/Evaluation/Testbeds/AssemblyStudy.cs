using Heirloom.Data;
using Heirloom.Data.Batching;
using Heirloom.Data.Sentences;
using Heirloom.Data.Tokens;
using Heirloom.Encoding;
using Heirloom.Evaluation.Metrics;
using Heirloom.Models.Parts;
using Heirloom.Objectives;
using Heirloom.Objectives.Speech;
using Heirloom.Objectives.Targets;
using Heirloom.Objectives.VisionLanguage;
using Heirloom.Training;
using Heirloom.Training.Optimizers;

namespace Heirloom.Evaluation.Testbeds;

/// <summary>
/// What studies of assembled models stand on: sentences of real text, images and recordings, on which a model of any modality is trained from its settings alone, with
/// the same rows, steps and rates as every other, and scored on what is held out. All of it is in memory.
/// </summary>
public sealed class AssemblyStudy : IDisposable
{
    private readonly AssemblyStudyConfig _config;
    private readonly WorkContext _work;
    private readonly Lazy<TextTasks> _text;
    private readonly Lazy<(LabeledImages Train, LabeledImages HeldOut)> _images;
    private readonly Dictionary<SplitPart, SentenceCorpus> _corpora = [];

    /// <summary>Nothing is opened before it is asked for.</summary>
    /// <param name="config">Text and budgets.</param>
    /// <param name="work">Where to compute.</param>
    public AssemblyStudy(AssemblyStudyConfig config, WorkContext work)
    {
        (_config, _work) = (config, work);
        _text = new(() => TextTasks.Open(config.Text, work));
        _images = new(() =>
        {
            using var all = (Images ?? throw new UserError("the study has no images", mend: "give it some"))();
            return all.Divide(config.ImagesPerClass, config.ImagesPerClass / 2, new(0));
        });
    }

    /// <summary>Opens images; null where no model sees.</summary>
    public Func<LabeledImages>? Images { get; init; }

    /// <summary>Recordings with transcripts of a seed, so many a step and so many steps (null for no end); null where no model hears.</summary>
    public Func<Seed, int, long?, IBatches<LabeledAudioBatch>>? Recordings { get; init; }

    public TextTasks Text => _text.Value;

    /// <summary>Height and width of images, and their channels.</summary>
    public (int Size, int Channels) Image => ((int)_images.Value.Train.Images.shape[2], (int)_images.Value.Train.Images.shape[1]);

    /// <summary>What the images show.</summary>
    public int Classes => _images.Value.Train.Classes.Count;

    /// <summary>Trains a model on all of its targets.</summary>
    /// <param name="settings">What it is assembled of.</param>
    /// <param name="seed">Its first weights, order of rows, and all else.</param>
    /// <param name="training">Null for the study's.</param>
    public AssembledModel Train(AssembledConfig settings, Seed seed, TrainingConfig? training = null)
    {
        var model = settings.Build(seed.For("model"));
        Learn(model, new Fitting(this, seed, training ?? _config.Training));
        return model;
    }

    /// <summary>The weighted sum of a model's losses on what is held out.</summary>
    public double Loss(AssembledModel model)
    {
        var scoring = new Scoring(this);
        Learn(model, scoring);
        return scoring.Loss;
    }

    /// <summary>The loss as a share of the one before training.</summary>
    /// <param name="model">As <see cref="Train"/> left it.</param>
    /// <param name="seed">Of its training.</param>
    public double LossLeft(AssembledModel model, Seed seed)
    {
        using var fresh = model.Settings.Build(seed.For("model"));
        return Loss(model) / Loss(fresh);
    }

    /// <summary>The largest difference of an output, on a held-out batch, from that of the model of its published family with the same weights.</summary>
    /// <exception cref="UserError">No family has the model's parts.</exception>
    public double DifferenceFromFamily(AssembledModel model)
    {
        var comparing = new Comparing();
        Learn(model, comparing);
        return comparing.Difference;
    }

    /// <summary>Fine-tunes a copy on each task with every rate and scores the best: 1 for each held-out text that is classified rightly.</summary>
    /// <param name="encoder">Stays as it is.</param>
    /// <param name="seed">Which texts, their order, and the classifier's first weights.</param>
    public double[] Accuracy(AssembledText encoder, Seed seed) => [.. Text.Tasks.SelectMany((task, i) =>
    {
        var (own, _) = task.Divide(_config.Labels, seed.For("task", i));
        var (validation, train) = (own.Take(own.Count / 4).ToArray(), own.Skip(own.Count / 4).ToArray());
        using var best = Tuning.Best(
            _config.FineTuningRates,
            rate => task.FineTune(encoder, train, WithRate(_config.FineTuning, rate), seed.For("fine-tuning", i), _work),
            classifier => 1 - task.Score(classifier, validation, _config.ContextLength, _work).Accuracy);
        return task.Score(best, _config.ContextLength, _work).Correct;
    })];

    public void Dispose()
    {
        if (_images.IsValueCreated)
        {
            _images.Value.Train.Dispose();
            _images.Value.HeldOut.Dispose();
        }
    }

    private static FineTuningConfig WithRate(FineTuningConfig config, double rate) =>
        config with { Training = config.Training with { Optimizer = ((AdamWConfig)config.Training.Optimizer) with { LearningRate = rate } } };

    /// <summary>What a model learns from, by what it can do.</summary>
    private void Learn(AssembledModel model, IUse use)
    {
        switch (model)
        {
            case AssembledText text:
                var masking = text.Find<MaskedLMTarget>() is null ? null : Text.Masking;
                use.Of(text, TextTargets.Objective(masking), (seed, part) => Sentences(seed, part, pairs: text.Find<SentencePairTarget>() is not null));
                break;
            case AssembledSequences { Hears: true } hearing:
                use.Of(hearing, SpeechToText.Objective(), Spoken);
                break;
            case AssembledSequences writing:
                use.Of<AssembledSequences, TokenBatch>(writing, SpanCorruption.Objective(Sentinels.Of(Text.Tokenizer)), (seed, part) => Sentences(seed, part, pairs: false));
                break;
            case AssembledImages seeing:
                use.Of(seeing, ImageTargets.Objective(), Pictures);
                break;
            case AssembledAudio hearing:
                use.Of<AssembledAudio, LabeledAudioBatch>(hearing, Transcription.Objective(), Spoken);
                break;
            case AssembledPair pair:
                use.Of<AssembledPair, ImageTextBatch>(pair, ImageTextContrast.Objective(), (seed, part) => new Captioned(Pictures(seed, part), Captions()));
                break;
            default:
                throw new NotSupportedException($"no data for a {model.GetType().Name}");
        }
    }

    private IBatches<TokenBatch> Sentences(Seed seed, SplitPart part, bool pairs)
    {
        if (!_corpora.TryGetValue(part, out var corpus))
        {
            corpus = TokenizedSentences.Of(_config.Split.Take(_config.Text.General.Open(_work), part), Text.Tokenizer);
            _corpora[part] = corpus = corpus.Part(_config.TextShare);
        }

        var rows = new SentenceRows(corpus, pairs ? new SegmentPairConfig() : new DocSentencesConfig(), _config.ContextLength, seed);
        if (part == SplitPart.Train)
        {
            return new RowBatches<TokenRow, TokenBatch>(rows, _config.Rows, Collate);
        }

        TokenRow[] scored = [.. Enumerable.Range(0, (int)Math.Min(_config.HeldOutRows, rows.RowsPerEpoch!.Value)).Select(i => rows.Row(i))];
        return new ExampleBatches<TokenRow, TokenBatch>(scored, _config.Rows, shuffle: false, seed, (r, _) => Collate(r), rows.Fingerprint);

        static TokenBatch Collate(IReadOnlyList<TokenRow> rows) => TokenRow.Collate(rows).AsTexts();
    }

    private ImageBatches Pictures(Seed seed, SplitPart part)
    {
        var images = part == SplitPart.Train ? _images.Value.Train : _images.Value.HeldOut;
        var each = Enumerable.Repeat(0.5, Image.Channels);
        // held-out ones in an order of their own too: they lie class by class, and a contrast needs others beside each
        return new(images.Images, images.Labels, new() { BatchSize = _config.Rows, Mean = [.. each], Deviation = [.. each] }, seed);
    }

    private IBatches<LabeledAudioBatch> Spoken(Seed seed, SplitPart part) => (Recordings ?? throw new UserError("the study has no recordings", mend: "give it some"))(
        seed.For($"{part}"), _config.Rows, part == SplitPart.Train ? null : Math.Max(1, _config.HeldOutRows / _config.Rows));

    /// <summary>A row of ids for each class, ended and padded.</summary>
    private TorchSharp.torch.Tensor Captions()
    {
        var (end, padding) = (Text.Separator, Text.Tokenizer.Padding ?? Text.Separator);
        int[][] texts = [.. _images.Value.Train.Classes.Select(name => (int[])[.. Text.Tokenizer.Encode($"This is {name}."), end])];
        var longest = texts.Max(t => t.Length);
        return TorchSharp.torch.tensor(texts.SelectMany(t => t.Concat(Enumerable.Repeat(padding, longest - t.Length))).Select(i => (long)i).ToArray(), [texts.Length, longest]);
    }

    /// <summary>Images with their class's caption.</summary>
    private sealed class Captioned(ImageBatches images, TorchSharp.torch.Tensor captions) : IBatches<ImageTextBatch>
    {
        public string Fingerprint => Hashes.OfText($"captioned {images.Fingerprint}");

        public long? StepsPerEpoch => images.StepsPerEpoch;

        public ImageTextBatch At(long step)
        {
            var batch = images.At(step);
            return new(batch.Images, captions.index_select(0, batch.Labels));
        }
    }

    private interface IUse
    {
        void Of<TModel, TBatch>(TModel model, Objective<TModel, TBatch> objective, Func<Seed, SplitPart, IBatches<TBatch>> data)
            where TModel : AssembledModel
            where TBatch : IBatch<TBatch>;
    }

    private sealed class Fitting(AssemblyStudy study, Seed seed, TrainingConfig training) : IUse
    {
        public void Of<TModel, TBatch>(TModel model, Objective<TModel, TBatch> objective, Func<Seed, SplitPart, IBatches<TBatch>> data)
            where TModel : AssembledModel
            where TBatch : IBatch<TBatch> => new Trainer(training, seed.For("training"), study._work).Fit(model, objective, data(seed.For("data"), SplitPart.Train));
    }

    /// <summary>The same rows, masks and spans for every model and seed.</summary>
    private sealed class Scoring(AssemblyStudy study) : IUse
    {
        public double Loss { get; private set; }

        public void Of<TModel, TBatch>(TModel model, Objective<TModel, TBatch> objective, Func<Seed, SplitPart, IBatches<TBatch>> data)
            where TModel : AssembledModel
            where TBatch : IBatch<TBatch> => Loss = ObjectiveLosses.Mean(objective, model, data(new(0), SplitPart.Test), new(1), study._work);
    }

    private sealed class Comparing : IUse
    {
        public double Difference { get; private set; }

        public void Of<TModel, TBatch>(TModel model, Objective<TModel, TBatch> objective, Func<Seed, SplitPart, IBatches<TBatch>> data)
            where TModel : AssembledModel
            where TBatch : IBatch<TBatch> => Difference = data(new(0), SplitPart.Test).At(0) switch
            {
                TokenBatch text => FamilyDifference.Of(model, text),
                ImageBatch images => FamilyDifference.Of(model, images),
                LabeledAudioBatch audio => FamilyDifference.Of(model, audio),
                ImageTextBatch pairs => FamilyDifference.Of(model, pairs),
                var other => throw new NotSupportedException($"no way is known to compare on a {other.GetType().Name}"),
            };
    }
}
