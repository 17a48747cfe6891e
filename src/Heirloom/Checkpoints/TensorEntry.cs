using System.Collections.Frozen;
using System.Collections.Immutable;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>What a file's header says of one tensor.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Bytes">Length in bytes.</param>
public sealed record TensorEntry(string Name, ScalarType Type, ImmutableArray<long> Shape, long Offset, long Bytes)
{
    /// <summary>Number of elements.</summary>
    public long Count => Bytes / TensorTypes.Size(Type);

    /// <summary>Shape as people write it: <c>[64, 64]</c>.</summary>
    public string ShapeText => TensorTypes.Text(Shape);
}

/// <summary>A tensor that is to be written; its values are asked for only when its turn comes, so that a conversion never holds two models.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Values">Gives the values, of that type and shape, on any device. Called inside a dispose scope, which owns whatever it makes.</param>
public sealed record TensorSource(string Name, ScalarType Type, ImmutableArray<long> Shape, Func<Tensor> Values)
{
    /// <summary>A tensor that is at hand.</summary>
    public static TensorSource Of(string name, Tensor tensor) => new(name, tensor.dtype, [.. tensor.shape], () => tensor);

    internal long Bytes => Shape.Aggregate(1L, (product, size) => checked(product * size)) * TensorTypes.Size(Type);
}

/// <summary>Element types that safetensors and libtorch have in common.</summary>
public static class TensorTypes
{
    private static readonly FrozenDictionary<string, (ScalarType Type, int Size)> ByName = new Dictionary<string, (ScalarType, int)>
    {
        ["F64"] = (ScalarType.Float64, 8),
        ["F32"] = (ScalarType.Float32, 4),
        ["F16"] = (ScalarType.Float16, 2),
        ["BF16"] = (ScalarType.BFloat16, 2),
        ["I64"] = (ScalarType.Int64, 8),
        ["I32"] = (ScalarType.Int32, 4),
        ["I16"] = (ScalarType.Int16, 2),
        ["I8"] = (ScalarType.Int8, 1),
        ["U8"] = (ScalarType.Byte, 1),
        ["BOOL"] = (ScalarType.Bool, 1),
    }.ToFrozenDictionary();

    private static readonly FrozenDictionary<ScalarType, (string Name, int Size)> ByType =
        ByName.ToFrozenDictionary(pair => pair.Value.Type, pair => (pair.Key, pair.Value.Size));

    /// <summary>All names, as safetensors spells them.</summary>
    public static IEnumerable<string> Names => ByName.Keys.Order(StringComparer.Ordinal);

    /// <summary>The type of that name, null where libtorch has no such type.</summary>
    public static ScalarType? Find(string name) => ByName.TryGetValue(name, out var found) ? found.Type : null;

    /// <summary>The greatest number of a floating-point type that rounding does not make infinite.</summary>
    public static float Greatest(ScalarType type) => type switch
    {
        ScalarType.Float16 => 65519.996f,
        ScalarType.BFloat16 => 3.3961775e38f,
        _ => float.MaxValue,
    };

    /// <summary>Bytes per element.</summary>
    /// <exception cref="UserError">A type that safetensors cannot hold.</exception>
    public static int Size(ScalarType type) => Of(type).Size;

    /// <summary>The name that safetensors uses.</summary>
    /// <exception cref="UserError">A type that safetensors cannot hold.</exception>
    public static string Name(ScalarType type) => Of(type).Name;

    /// <summary>Types of which a conversion from one to another keeps the meaning.</summary>
    public static bool IsFloat(ScalarType type) => type is ScalarType.Float64 or ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16;

    internal static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";

    private static (string Name, int Size) Of(ScalarType type) => ByType.TryGetValue(type, out var found)
        ? found
        : throw new UserError($"safetensors cannot hold {type}", mend: $"convert to one of {string.Join(", ", Names)}");
}
