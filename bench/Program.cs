using System.Reflection;
using Heirloom.Bench;
using Heirloom.Bench.Training;

if (args is [Child.Argument, var job, var side])
{
    JobCatalog.All[job].GetMethod(nameof(ISides.Serve))!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [side, new Turns(TimeSpan.FromSeconds(3))], null);
    return 0;
}

return BenchCommand.Build().Parse(args).Invoke();
