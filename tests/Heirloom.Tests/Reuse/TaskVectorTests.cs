using Heirloom.Models;
using Heirloom.Reuse.Merging;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Tests.Reuse;

public class TaskVectorTests
{
    [Kind("tiny_task_vector")]
    private sealed record TinyConfig(int Width = 3) : ModelConfig
    {
        public override IModel Build(Seed seed) => new Tiny(this, seed);
    }

    private sealed class Tiny : nn.Module<Tensor, Tensor>, IModel
    {
        private readonly Linear _map;

        public Tiny(TinyConfig config, Seed seed) : base(nameof(Tiny))
        {
            seed.Pin();
            Config = config;
            _map = nn.Linear(config.Width, 2);
            RegisterComponents();
        }

        public ModelConfig Config { get; }

        public override Tensor forward(Tensor x) => _map.call(x);
    }

    private static Tiny Model(ulong seed, int width = 3) => (Tiny)new TinyConfig(width).Build(new(seed));

    private static double Distance(IModel a, IModel b)
    {
        using var difference = TaskVector.Between(a, b);
        return difference.Norm;
    }

    [Fact]
    public void AddingATasksOwnVectorGivesTheTunedModelAndLeavesTheStartAlone()
    {
        var (start, tuned) = (Model(1), Model(2));
        using var untouched = start.Copy();
        using var vector = TaskVector.Between(start, tuned);

        using var rebuilt = vector.ApplyTo(start);

        Assert.Equal(0, Distance(rebuilt, tuned), 6);
        Assert.Equal(0, Distance(start, untouched), 12);
    }

    [Fact]
    public void VectorsAreAVectorSpace()
    {
        var start = Model(1);
        using var a = TaskVector.Between(start, Model(2));
        using var b = TaskVector.Between(start, Model(3));
        using var sum = a + b;
        using var back = sum - b;
        using var nothing = back - a;
        using var twice = 2 * a;

        Assert.Equal(0, nothing.Norm, 6);
        Assert.Equal(2 * a.Norm, twice.Norm, 5);
        Assert.Equal(-1, a.Cosine(-a), 5);
    }

    [Fact]
    public void AnAnalogyOfAParallelogramFindsItsFourthCorner()
    {
        var start = Model(1);
        using var a = TaskVector.Between(start, Model(2));
        using var step = TaskVector.Between(start, Model(3));
        using var c = TaskVector.Between(start, Model(4));
        using var b = a + step;

        using var d = TaskVector.Analogy(a, b, c);
        using var expected = c + step;
        using var error = d - expected;

        Assert.Equal(0, error.Norm, 5);
    }

    [Fact]
    public void TheRandomControlHasTheSameLengthAndAnotherDirection()
    {
        using var vector = TaskVector.Between(Model(1), Model(2));
        using var random = vector.RandomLike(new(5));

        Assert.Equal(vector.Norm, random.Norm, 4);
        Assert.True(Math.Abs(vector.Cosine(random)) < 0.99);
    }

    [Fact]
    public void TheBestScaleIsFoundAndForgettingRespectsTheControl()
    {
        var (start, tuned) = (Model(1), Model(2));
        using var vector = TaskVector.Between(start, tuned);

        Assert.Equal(1, ScaleSearch.Best(start, vector, ScaleSearch.PublishedGrid, m => -Distance(m, tuned)), 9);
        Assert.Equal(0.3, ScaleSearch.Forgetting(
            start, -vector, ScaleSearch.PublishedGrid, m => -Distance(m, tuned), m => Distance(m, start) <= 0.301 * vector.Norm), 9);
    }

    [Fact]
    public void ModelsOfOtherShapesAreRefusedByName()
    {
        Assert.Contains("_map.weight", Assert.Throws<UserError>(() => TaskVector.Between(Model(1), Model(2, width: 4))).Message);

        using var vector = TaskVector.Between(Model(1), Model(2));
        Assert.Throws<UserError>(() => vector.ApplyTo(Model(1, width: 4)));
    }
}
