using Heirloom.Data.Sources;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models.Text;
using Heirloom.Training.Optimizers;
using Heirloom.Worlds.Text;

namespace Heirloom.Tests.Evaluation;

public sealed class TextTaskTests
{
    private static WorldSourceConfig World(int period, long documents = 150) => new()
    {
        World = new HmmTextConfig { Vocabulary = 60, Topics = 2, Sentences = 3, Period = period, Boost = 200, Focus = 1, TopicShift = 0.5 },
        Documents = documents,
    };

    private static TextTasksConfig Config => new()
    {
        General = World(0),
        Tasks = [new() { Name = "now", Source = World(0), Field = "topic" }, new() { Name = "later", Source = World(1), Field = "topic" }],
        Tokenizer = new() { VocabularySize = 350, Padding = "<|padding|>", Mask = "<|mask|>" },
        MaxTestExamples = 20,
    };

    [Fact]
    public void HeldOutTextsAreTheSameEveryTimeAndNeverTrainedOn()
    {
        var (first, again) = (TextTasks.Open(Config, new()), TextTasks.Open(Config, new()));
        var task = first.Tasks[1];
        string Key(Heirloom.Data.Batching.LabeledIds example) => string.Join(' ', example.Ids);

        Assert.Equal(20, task.Test.Count);
        Assert.Equal(task.Test.Select(Key), again.Tasks[1].Test.Select(Key));
        Assert.Empty(task.Test.Select(Key).Intersect(task.Train.Select(Key)));
        Assert.Equal(["topic0", "topic1"], task.Labels.Names);
    }

    [Fact]
    public void ATaskAndItsDomainShareNoText()
    {
        var task = TextTasks.Open(Config, new()).Tasks[0];
        var (own, rest) = task.Divide(30, new(1));

        Assert.Equal((30, task.Train.Count - 30), (own.Count, rest.Count));
        Assert.Empty(own.Intersect(rest));
        Assert.Equal(own, task.Divide(30, new(1)).Own);
        Assert.NotEqual(own, task.Divide(30, new(2)).Own);
        Assert.Contains("domain smaller than the task", Assert.Throws<UserError>(() => task.Divide(100, new(1))).Message);
    }

    [Fact]
    public void FineTuningLearnsTheTaskAndLeavesTheEncoderAsItWas()
    {
        var tasks = TextTasks.Open(Config, new());
        var task = tasks.Tasks[0];
        using var encoder = EncoderConfig.Roberta(tasks.Tokenizer.VocabularySize, context: 24, width: 16, layers: 1, heads: 2).Build(new(1));
        var before = encoder.parameters().Select(p => p.bytes.ToArray()).ToList();

        using var model = task.FineTune(encoder, task.Train, new() { Training = new() { Steps = 60, Optimizer = new AdamWConfig { LearningRate = 5e-3 } }, BatchSize = 16 }, new(2), new());
        var scores = task.Score(model, encoder.ContextLength, new());

        Assert.Equal(20, scores.Labels.Count);
        Assert.True(scores.Accuracy > 0.8, $"{scores.Accuracy}");
        Assert.Equal(before, encoder.parameters().Select(p => p.bytes.ToArray()));
    }

    [Fact]
    public void WhatIsHiddenComesFromTheTokenizer()
    {
        var tasks = TextTasks.Open(Config, new());

        Assert.Equal(tasks.Tokenizer.Mask, tasks.Masking.MaskToken);
        Assert.Contains(tasks.Separator, tasks.Masking.SpecialTokens);
        Assert.Equal(0.15, tasks.Masking.Rate);
    }

    [Fact]
    public void TasksOfOneNameAreRefused() => Assert.Contains(
        "'now'", Assert.Throws<UserError>(() => TextTasks.Open(Config with { Tasks = [Config.Tasks[0], Config.Tasks[0]] }, new())).Message);
}
