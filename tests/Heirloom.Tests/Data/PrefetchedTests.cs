using Heirloom.Data;
using Heirloom.Data.Batching;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Data;

public class PrefetchedTests
{
    [Fact]
    public void GivesTheSameBatchesInAnyOrder()
    {
        using var prefetched = new Prefetched<TokenBatch>(new Steps(), ahead: 3);
        foreach (var step in new long[] { 0, 1, 2, 3, 100, 101, 7, 7, 8, 0 })
        {
            using var scope = NewDisposeScope();
            Assert.Equal(step, prefetched.At(step).Ids.item<long>());
        }
    }

    [Fact]
    public void AnErrorSurfacesAtItsStepAndOnlyThere()
    {
        using var prefetched = new Prefetched<TokenBatch>(new Steps { FailAt = 2 }, ahead: 4);
        using var scope = NewDisposeScope();
        Assert.Equal(0, prefetched.At(0).Ids.item<long>());
        Assert.Equal(1, prefetched.At(1).Ids.item<long>());
        Assert.Equal("step 2", Assert.Throws<UserError>(() => prefetched.At(2)).Message);
        Assert.Equal(3, prefetched.At(3).Ids.item<long>());
    }

    [Fact]
    public void BatchesJoinTheTakersScopeAndTheRestIsDisposed()
    {
        var steps = new Steps();
        Tensor taken;
        using (var prefetched = new Prefetched<TokenBatch>(steps, ahead: 5))
        {
            using var scope = NewDisposeScope();
            taken = prefetched.At(3).Ids;
            Assert.True(scope.Contains(taken));
        }

        Assert.True(taken.IsInvalid);
        Assert.All(steps.Made, t => Assert.True(t.IsInvalid));
    }

    [Fact]
    public void AfterDisposalNothingIsGiven()
    {
        var prefetched = new Prefetched<TokenBatch>(new Steps());
        prefetched.Dispose();
        Assert.Throws<ObjectDisposedException>(() => prefetched.At(0));
    }

    private sealed class Steps : IBatches<TokenBatch>
    {
        public System.Collections.Concurrent.ConcurrentBag<Tensor> Made { get; } = [];

        public long FailAt { get; init; } = -1;

        public string Fingerprint => "steps";

        public long? StepsPerEpoch => null;

        public TokenBatch At(long step)
        {
            if (step == FailAt)
            {
                throw new UserError($"step {step}");
            }

            var batch = new TokenBatch(tensor(step));
            Made.Add(batch.Ids);
            return batch;
        }
    }
}
