using System.Runtime.CompilerServices;

// Seed.Pin sets libtorch's default generator, which the whole process shares: two trainings side by side would draw from each other's.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Heirloom.Tests;

internal static class OneAtATime
{
    /// <summary>Tests compute with small tensors: on a busy machine a second thread costs ten times what it saves, since threads spin while they wait for each other.</summary>
    [ModuleInitializer]
    internal static void UseOneThread() => TorchSharp.torch.set_num_threads(1);
}
