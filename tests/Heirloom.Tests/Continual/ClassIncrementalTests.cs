using Heirloom.Adaptation.Tuning;
using Heirloom.Continual;
using Heirloom.Continual.Learners;
using Heirloom.Data;
using Heirloom.Models.Vision;
using Heirloom.Worlds.Images;
using static TorchSharp.torch;

namespace Heirloom.Tests.Continual;

public class ClassIncrementalTests
{
    private static readonly VisionTransformerConfig s_model = VisionTransformerConfig.Vit(image: 8, patch: 4, channels: 1, width: 16, layers: 2, heads: 2);
    private static readonly TaskTrainingConfig s_training = new() { Epochs = 2, BatchSize = 8 };

    public static TheoryData<string> Learners => [.. Settings.Kinds(typeof(ClassIncrementalConfig)).Select(k => k.Key)];

    private static ClassIncrementalConfig Config(string kind) => kind switch
    {
        "aper" => new AperConfig { Tuning = new BottleneckAdapterConfig { Width = 4 }, Training = s_training },
        "l2p" => new L2PConfig { Training = s_training, PoolSize = 4, Length = 2, Chosen = 2 },
        "dual_prompt" => new DualPromptConfig { Training = s_training, GeneralLayers = [0], ExpertLayers = [1], ExpertLength = 2 },
        "sequential_tuning" => new SequentialTuningConfig { Training = s_training },
        _ => (ClassIncrementalConfig)Activator.CreateInstance(Settings.Kinds(typeof(ClassIncrementalConfig))[kind])!,
    };

    private static LabeledImages Images(ulong seed, int perClass = 6) => PatternImages.Generate(new() { Classes = 5, PerClass = perClass, Size = 8 }, new(seed));

    private static ClassStream Stream()
    {
        using var train = Images(1);
        using var test = Images(2);
        return ClassStream.Of(train, test, new() { Increment = 2 }, new(3));
    }

    [Fact]
    public void AStreamHasEachClassOnceWithLabelsInOrderOfArrival()
    {
        using var stream = Stream();

        Assert.Equal([(0, 2), (2, 2), (4, 1)], stream.Tasks.Select(t => (t.FirstClass, t.Classes)));
        Assert.Equal([0, 1, 2, 3, 4], stream.Tasks.SelectMany(t => t.Train.Labels.data<long>().ToArray().Distinct().Order()));
        Assert.Equal(5, stream.Tasks.SelectMany(t => t.Train.Classes).Distinct().Count());
        Assert.All(stream.Tasks, t => Assert.Equal(t.Train.Classes, t.Test.Classes));
        Assert.Equal([0, 12, 12, 6], stream.Tasks.Select(t => t.Train.Count).Prepend(0));
    }

    [Fact]
    public void ValidationImagesComeFromTrainingImages()
    {
        using var stream = Stream();
        using var validation = stream.Validation(1 / 3.0, new(1));

        Assert.Equal([(8L, 4L), (8L, 4L), (4L, 2L)], validation.Tasks.Select(t => (t.Train.Count, t.Test.Count)));
    }

    [Fact]
    public void PrototypesAreMeansComparedByAngle()
    {
        using var scope = NewDisposeScope();
        using var classifier = new PrototypeClassifier();
        classifier.Add(tensor(new float[] { 1, 0, 3, 0, 0, 2 }).view(3, 2), tensor(new long[] { 7, 7, 3 }));

        var similarities = classifier.Similarities(tensor(new float[] { 1, 1 }).view(1, 2)).data<float>().ToArray();
        Assert.Equal([3, 7], classifier.Labels);
        Assert.All(similarities, s => Assert.Equal(Math.Sqrt(0.5), s, 1e-6));
        Assert.Equal([7, 3], classifier.Predict(tensor(new float[] { 5, 4, 0.1f, 0.2f }).view(2, 2)).data<long>().ToArray());
    }

    [Fact]
    public void MetricsFollowTheirFormulas()
    {
        var matrix = new AccuracyMatrix([[1.0], [0.5, 0.8], [0.7, 0.2, 1.0]], [10, 10, 20]);

        Assert.Equal([1.0, 0.65, ((0.7 * 10) + (0.2 * 10) + (1.0 * 20)) / 40], matrix.BySession, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(0.725, matrix.Last, 12);
        Assert.Equal((1.0 + 0.65 + 0.725) / 3, matrix.Average, 12);
        Assert.Equal(((1.0 - 0.7) + (0.8 - 0.2)) / 2, matrix.Forgetting, 12);
    }

    [Theory]
    [MemberData(nameof(Learners))]
    public void ALearnerAnswersWithSeenClassesAndLeavesThePretrainedModelAsItWas(string kind)
    {
        using var stream = Stream();
        using var pretrained = s_model.Build(new(1));
        using var images = Images(4, perClass: 1);
        float[] Embedding()
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            return pretrained.Embed(images.Images).data<float>().ToArray();
        }

        var before = Embedding();
        var answers = new List<long[]>();
        for (var time = 0; time < 2; time++)
        {
            using var learner = Config(kind).Build(pretrained, new(5), new());
            foreach (var task in stream.Tasks)
            {
                learner.Learn(task);
                using var labels = learner.Predict(images.Images);
                Assert.All(labels.data<long>().ToArray(), l => Assert.InRange(l, 0, task.Seen - 1));
                answers.Add(labels.data<long>().ToArray());
            }
        }

        Assert.Equal(answers[..3], answers[3..]); // the seed decides
        Assert.Equal(before, Embedding());
        Assert.All(pretrained.parameters(), p => Assert.True(p.requires_grad));
    }

    [Fact]
    public void APoolTakesThePromptsOfTheNearestKeys()
    {
        using var scope = NewDisposeScope();
        using var pool = new PromptPool(size: 3, length: 2, width: 4, new(1));
        using (no_grad())
        {
            pool.get_parameter("keys")!.copy_(eye(3, 4));
            pool.get_parameter("prompts")!.copy_(arange(3).view(3, 1, 1).expand(3, 2, 4));
        }

        var (prompts, pull) = pool.Select(tensor(new float[] { 0, 2, 1, 0 }).view(1, 4), 2);

        Assert.Equal([1f, 1f, 2f, 2f], prompts.select(2, 0).flatten().detach().data<float>().ToArray());
        Assert.Equal(3 / Math.Sqrt(5), pull.item<float>(), 1e-5);
    }

    [Fact]
    public void AMergedModelSeesBothEmbeddings()
    {
        using var stream = Stream();
        using var pretrained = s_model.Build(new(1));
        using var simple = new SimpleCilConfig().Build(pretrained, new(1), new());
        using var merged = new AperConfig { Tuning = new FullTuningConfig(), Training = s_training.WithRate(0) }.Build(pretrained, new(1), new());

        // with a rate of 0 the adapted half equals the pretrained one, and cosines stay what they are
        Assert.Equal(AccuracyMatrix.Of(simple, stream).After, AccuracyMatrix.Of(merged, stream).After);
    }
}
