using System.Collections.Frozen;
using System.Collections.Immutable;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.Pickles;

/// <summary>
/// All names that a pickle of weights may mention, with what they mean here. Nothing of another program is ever run: a function on this list is a few lines of
/// ours that describe a view of stored bytes, and a name that is not on it is refused.
/// </summary>
internal static class TorchGlobals
{
    private const int MaxRank = 64;

    private static readonly Dictionary<string, ScalarType> Types = new()
    {
        ["Double"] = ScalarType.Float64,
        ["Float"] = ScalarType.Float32,
        ["Half"] = ScalarType.Float16,
        ["BFloat16"] = ScalarType.BFloat16,
        ["Long"] = ScalarType.Int64,
        ["Int"] = ScalarType.Int32,
        ["Short"] = ScalarType.Int16,
        ["Char"] = ScalarType.Int8,
        ["Byte"] = ScalarType.Byte,
        ["Bool"] = ScalarType.Bool,
    };

    private static readonly FrozenDictionary<string, PickleGlobal> Known = All().ToFrozenDictionary(g => g.Name);

    /// <summary>Null for a name that is refused.</summary>
    public static PickleGlobal? Find(string module, string name) => Known.GetValueOrDefault($"{module}.{name}");

    private static IEnumerable<PickleGlobal> All()
    {
        yield return new("collections.OrderedDict") { Call = OrderedDictionary };
        yield return new("torch.Size") { Call = args => args is [PickleTuple sizes] ? sizes : throw new FormatException("a size is not a tuple") };
        yield return new("torch.device") { Call = _ => null };
        yield return new("torch._utils._rebuild_tensor") { Call = args => Tensor(args, 4) };
        yield return new("torch._utils._rebuild_tensor_v2") { Call = args => Tensor(args, 6, 7) };
        yield return new("torch._utils._rebuild_tensor_v3") { Call = args => Tensor(args, 7, 8) };
        yield return new("torch._utils._rebuild_parameter") { Call = args => args is [PickleTensor tensor, _, _] ? tensor : throw new FormatException("a parameter is no tensor") };
        yield return new("torch._utils._rebuild_parameter_with_state") { Call = args => args is [PickleTensor tensor, _, _, _] ? tensor : throw new FormatException("a parameter is no tensor") };
        yield return new("torch._tensor._rebuild_from_type_v2") { Call = OfType };
        yield return new("torch.Tensor");
        yield return new("torch.nn.parameter.Parameter");
        yield return new("torch.storage.UntypedStorage") { IsUntyped = true };
        yield return new("torch.UntypedStorage") { IsUntyped = true };
        foreach (var (name, type) in Types)
        {
            yield return new($"torch.{name}Storage") { Type = type };
            yield return new($"torch.cuda.{name}Storage") { Type = type };
        }

        foreach (var (name, type) in ((string, ScalarType)[])
            [("float64", ScalarType.Float64), ("float32", ScalarType.Float32), ("float16", ScalarType.Float16), ("bfloat16", ScalarType.BFloat16), ("int64", ScalarType.Int64),
            ("int32", ScalarType.Int32), ("int16", ScalarType.Int16), ("int8", ScalarType.Int8), ("uint8", ScalarType.Byte), ("bool", ScalarType.Bool)])
        {
            yield return new($"torch.{name}") { Type = type };
        }
    }

    /// <summary>Empty, or from pairs (as the second Python had it).</summary>
    private static PickleDictionary OrderedDictionary(object?[] args) => args switch
    {
        [] => new([]),
        [PickleList pairs] => new([.. pairs.Items.Select(item => item switch
        {
            PickleTuple { Items: [var key, var value] } => (key, value),
            PickleList { Items: [var key, var value] } => (key, value),
            _ => throw new FormatException("a dictionary is not made of pairs"),
        })]),
        [PickleDictionary same] => same,
        _ => throw new FormatException("a dictionary is not made of pairs"),
    };

    /// <summary>A tensor with attributes, or of a subclass that adds none: (how it is made, its type, with what, attributes).</summary>
    private static object? OfType(object?[] args) =>
        args is [PickleGlobal { Call: { } make } maker, PickleGlobal { Name: "torch.Tensor" or "torch.nn.parameter.Parameter" }, PickleTuple with, _]
        // one level, or a hostile file could nest them as deep as it likes
        && !maker.Name.EndsWith("_from_type_v2", StringComparison.Ordinal)
            ? make(with.Items)
            : throw new FormatException("a tensor is of a type of its own");

    /// <summary>(storage, first element, sizes, strides, …), the type after them in the third version.</summary>
    private static PickleTensor Tensor(object?[] args, params ReadOnlySpan<int> counts)
    {
        if (!counts.Contains(args.Length) || args is not [PickleStorage storage, long first, PickleTuple sizes, PickleTuple strides, ..])
        {
            throw new FormatException("a tensor is not made of a storage, an offset, sizes and strides");
        }

        var type = counts[0] == 7 ? (args[6] as PickleGlobal)?.Type : storage.Type;
        return type is null
            ? throw new FormatException("a tensor has no type that can be read")
            : Checked(new(storage, type.Value, first, Numbers(sizes), Numbers(strides)));
    }

    private static ImmutableArray<long> Numbers(PickleTuple tuple) =>
        tuple.Items.Length <= MaxRank && tuple.Items.All(i => i is >= 0L) ? [.. tuple.Items.Cast<long>()] : throw new FormatException("a size or stride is not a whole number of at least 0");

    /// <summary>It views nothing outside its storage, and its size can be computed with.</summary>
    private static PickleTensor Checked(PickleTensor tensor)
    {
        Int128 count = 1, last = tensor.First;
        if (tensor.Shape.Length != tensor.Strides.Length || tensor.First < 0)
        {
            throw new FormatException("a tensor's sizes and strides differ in number, or its offset is negative");
        }

        for (var i = 0; i < tensor.Shape.Length; i++)
        {
            count *= Math.Max(tensor.Shape[i], 1);
            last += (Int128)Math.Max(tensor.Shape[i] - 1, 0) * tensor.Strides[i];
            if (count > long.MaxValue / 8 || last > long.MaxValue / 8)
            {
                throw new FormatException($"a tensor of shape {TensorTypes.Text(tensor.Shape)} is larger than can be addressed");
            }
        }

        var bytes = tensor.Storage.Bytes ?? throw new FormatException("a storage is larger than can be addressed");
        return tensor.Shape.Contains(0) || (last + 1) * TensorTypes.Size(tensor.Type) <= bytes
            ? tensor
            : throw new FormatException($"a tensor of shape {TensorTypes.Text(tensor.Shape)} reaches beyond the {bytes} bytes of its storage '{tensor.Storage.Key}'");
    }
}
