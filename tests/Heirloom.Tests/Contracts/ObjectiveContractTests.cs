using System.Reflection;
using Heirloom.Models;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Contracts;

/// <summary>What holds of every objective: each static class of the library with a method <c>Objective</c> is tried on every model and batch that fit it.</summary>
public class ObjectiveContractTests
{
    private static readonly List<Type> s_objectives = [.. typeof(Objective<,>).Assembly.GetTypes()
        .Where(t => t is { IsAbstract: true, IsSealed: true } && t.Namespace!.StartsWith(typeof(Objective<,>).Namespace!, StringComparison.Ordinal) && Factory(t) is not null)
        .OrderBy(t => t.FullName, StringComparer.Ordinal)];

    public static TheoryData<string> All => [.. s_objectives.Select(t => t.FullName!)];

    [Theory]
    [MemberData(nameof(All))]
    public void DecreasesOnEveryModelThatFits(string name) => Invoke(nameof(Decreases), name);

    [Theory]
    [MemberData(nameof(All))]
    public void TheSeedDecidesEveryBit(string name) => Invoke(nameof(Repeats), name);

    private static void Decreases<TModel, TBatch>(Func<Objective<TModel, TBatch>> make) where TModel : class, IModel => OnEveryPair(make, (objective, model, batch) =>
    {
        using var optimizer = optim.Adam(model.Module.parameters(), 5e-3);
        var before = Score();
        for (var step = 0; step < 60; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            objective(model, batch, new Seed(1).For("step", step)).Total.backward();
            optimizer.step();
        }

        var after = Score();
        Assert.True(after < 0.8 * before, $"{model.GetType().Name}: {before} became {after}");

        float Score()
        {
            using var scope = NewDisposeScope();
            using var frozen = no_grad();
            return Enumerable.Range(0, 4).Average(i => objective(model, batch, new Seed(2).For("score", i)).Total.item<float>());
        }
    }, everyBatch: false);

    private static void Repeats<TModel, TBatch>(Func<Objective<TModel, TBatch>> make) where TModel : class, IModel => OnEveryPair(make, (objective, model, batch) =>
    {
        var first = Bits();
        var parts = objective(model, batch, new(3)).Parts;

        Assert.Equal(first, Bits());
        Assert.All(parts, p => Assert.False(p.Value.requires_grad, $"{p.Name} keeps the graph alive"));
        Assert.Equal(parts.Length, parts.Select(p => p.Name).Distinct().Count());

        byte[] Bits()
        {
            using var scope = NewDisposeScope();
            model.Module.zero_grad();
            var loss = objective(model, batch, new(3)).Total;
            Assert.Equal(1, loss.numel());
            loss.backward();
            return [.. loss.bytes.ToArray(), .. model.Module.parameters().Where(p => p.grad is not null).SelectMany(p => p.grad!.bytes.ToArray())];
        }
    }, everyBatch: true);

    private static void OnEveryPair<TModel, TBatch>(Func<Objective<TModel, TBatch>> make, Action<Objective<TModel, TBatch>, TModel, TBatch> check, bool everyBatch)
        where TModel : class, IModel
    {
        var refusals = new List<string>();
        var fitting = 0;
        foreach (var config in Examples.Models.SelectMany(Examples.VariantsOf))
        {
            using var scope = NewDisposeScope();
            if (config.Build(new(1)) is not TModel)
            {
                continue;
            }

            foreach (var batch in Tiny.Batches<TBatch>())
            {
                using var inner = NewDisposeScope();
                var objective = make();
                var model = (TModel)config.Build(new(1));
                try
                {
                    objective(model, batch, new(0));
                }
                catch (UserError refusal) // labels for sequences and a model of tokens, say
                {
                    refusals.Add(refusal.Message);
                    continue;
                }

                fitting++;
                check(objective, model, batch);
                if (!everyBatch)
                {
                    break;
                }
            }
        }

        Assert.True(fitting > 0, $"no model's example fits a tiny {typeof(TBatch).Name}: {string.Join(" | ", refusals.Distinct())}");
    }

    private static MethodInfo? Factory(Type type) => type.GetMethods(BindingFlags.Public | BindingFlags.Static)
        .FirstOrDefault(m => m.Name == "Objective" && m.ReturnType.IsGenericType && m.ReturnType.GetGenericTypeDefinition() == typeof(Objective<,>));

    private static void Invoke(string check, string name)
    {
        var factory = Factory(typeof(Objective<,>).Assembly.GetType(name)!)!;
        var arguments = factory.GetParameters().Select(p => p.HasDefaultValue ? p.DefaultValue : Examples.Of(p.ParameterType)).ToArray();
        var types = factory.ReturnType.GetGenericArguments();
        var make = Delegate.CreateDelegate(
            typeof(Func<>).MakeGenericType(factory.ReturnType), new Made(factory, arguments), typeof(Made).GetMethod(nameof(Made.Call))!.MakeGenericMethod(factory.ReturnType));
        typeof(ObjectiveContractTests).GetMethod(check, BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(types).Invoke(null, BindingFlags.DoNotWrapExceptions, null, [make], null);
    }

    private sealed record Made(MethodInfo Factory, object?[] Arguments)
    {
        public T Call<T>() => (T)Factory.Invoke(null, BindingFlags.DoNotWrapExceptions, null, Arguments, null)!;
    }
}
