using System.Globalization;
using Heirloom.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Contracts;

/// <summary>What holds of every architecture: tried on each settings record that the library has.</summary>
public class ModelContractTests
{
    /// <summary>Types by name; further examples of a type by its name and their number.</summary>
    public static TheoryData<string> All => [.. Examples.Models.SelectMany(t => Examples.AllOf(t).Select((_, i) => i == 0 ? t.FullName! : $"{t.FullName}#{i}"))];

    private static ModelConfig Config(string name) => (ModelConfig)(name.Split('#') is [var type, var number]
        ? Examples.AllOf(typeof(Seed).Assembly.GetType(type)!)[int.Parse(number, CultureInfo.InvariantCulture)]
        : Examples.Of(typeof(Seed).Assembly.GetType(name)!));

    private static IModel Build(string name, ulong seed = 1) => Config(name).Build(new(seed));

    private static byte[] Bits(IModel model) => [.. model.Module.state_dict().OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => p.Value.bytes.ToArray())];

    [Theory]
    [MemberData(nameof(All))]
    public void IsSmallAndRemembersItsSettings(string name)
    {
        using var scope = NewDisposeScope();
        var model = Build(name);

        Assert.InRange(model.Module.parameters().Sum(p => p.numel()), 1, 100_000);
        Assert.Equal(Settings.ToYaml(Config(name)), Settings.ToYaml(model.Config));
        Assert.All(model.Module.named_parameters(), p => Assert.True(p.parameter.requires_grad, $"{p.name} asks for no gradient"));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void TheSeedDecidesEveryBit(string name)
    {
        using var scope = NewDisposeScope();
        new Seed(7).Pin();
        var first = Bits(Build(name));
        new Seed(8).Pin(); // the global generator has no say

        Assert.Equal(first, Bits(Build(name)));
        Assert.NotEqual(first, Bits(Build(name, seed: 2)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void OutlivesTheScopeItWasBuiltIn(string name)
    {
        using var scope = NewDisposeScope();
        List<string> names;
        IModel model;
        using (NewDisposeScope())
        {
            model = Build(name);
            names = [.. model.Module.state_dict().Keys];
        }

        Assert.Equal(names, model.Module.state_dict().Keys);
        Assert.All(model.Module.state_dict(), p => Assert.False(p.Value.IsInvalid, $"{p.Key} died with the scope"));
        model.Module.Dispose();
    }

    [Theory]
    [MemberData(nameof(All))]
    public void OutputsAreFiniteInEveryPrecision(string name)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        foreach (var type in (ScalarType[])[ScalarType.Float32, ScalarType.BFloat16])
        {
            var model = Build(name);
            model.Module.to(type);
            foreach (var (call, output) in Tiny.Calls(model).Select(c => (c.Name, c.Call())))
            {
                Assert.Equal(type, output.dtype);
                Assert.True(output.isfinite().all().item<bool>(), $"{call} in {type} is not finite");
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void EveryParameterHasAFiniteGradient(string name)
    {
        using var scope = NewDisposeScope();
        var model = Build(name);
        foreach (var (_, call) in Tiny.Calls(model))
        {
            call().to(ScalarType.Float32).square().sum().backward();
        }

        Assert.All(model.Module.named_parameters(), p => Assert.True(
            p.parameter.grad is { } gradient && gradient.isfinite().all().item<bool>(), $"{p.name} has no finite gradient"));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void ACallLeavesItsResultAndNothingElse(string name)
    {
        using var scope = NewDisposeScope();
        var model = Build(name);
        foreach (var (call, run) in Tiny.Calls(model))
        {
            using var inner = NewDisposeScope();
            run();
            var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
            using (NewDisposeScope())
            {
                run();
            }

            Assert.True(before == DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount, $"{call} leaks tensors past its scope");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void EvaluationIsDeterministic(string name)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = Build(name);
        model.Module.eval();

        Assert.All(Tiny.Calls(model), c => Assert.True(c.Call().contiguous().bytes.SequenceEqual(c.Call().contiguous().bytes), $"{c.Name} differs from itself"));
    }
}
