// Seed.Pin sets libtorch's default generator, which the whole process shares: two trainings side by side would draw from each other's.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
