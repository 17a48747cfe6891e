using System.CommandLine;
using System.Globalization;
using Heirloom.Reuse.Merging;

namespace Heirloom.Cli.Verbs.Model;

/// <summary>Options of whatever merges.</summary>
internal sealed class MergeLimits
{
    private readonly Option<string?> _memory = new("--memory") { Description = "memory for tensors in work, such as 500MB or 4GB; half of the machine's unless set" };
    private readonly Option<string?> _shard = new("--shard") { Description = "size of a file of weights, such as 5GB" };
    private readonly Option<ulong> _seed = new("--seed") { Description = "what is drawn (DARE, DELLA) depends on it alone", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> _anyBase = new("--any-base") { Description = "allow task vectors from a base that a model was not made from" };

    public void AddTo(Command command)
    {
        command.Options.Add(_memory);
        command.Options.Add(_shard);
        command.Options.Add(_seed);
        command.Options.Add(_anyBase);
    }

    public MergeOptions Read(ParseResult parsed)
    {
        var options = new MergeOptions { Seed = new(parsed.GetValue(_seed)), AnyBase = parsed.GetValue(_anyBase) };
        return options with
        {
            MemoryBytes = Bytes(parsed.GetValue(_memory), _memory.Name) ?? options.MemoryBytes,
            MaxShardBytes = Bytes(parsed.GetValue(_shard), _shard.Name) ?? options.MaxShardBytes,
        };
    }

    private static long? Bytes(string? text, string option)
    {
        if (text is null)
        {
            return null;
        }

        var unit = text.Length > 2 ? text[^2..].ToUpperInvariant() switch { "KB" => 1e3, "MB" => 1e6, "GB" => 1e9, _ => 0 } : 0;
        return unit > 0 && double.TryParse(text[..^2], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) && count > 0 && count * unit < long.MaxValue
            ? (long)(count * unit)
            : throw new UserError($"'{text}' is no size", option, "write 500MB or 4GB");
    }
}
