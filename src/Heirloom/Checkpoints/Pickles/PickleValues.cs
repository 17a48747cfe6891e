using System.Collections.Immutable;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.Pickles;

// Besides these a pickle's values are null, bool, long, Int128, double, string and byte[].

/// <summary>A list, or anything else that holds values in order and may be added to.</summary>
internal sealed record PickleList(List<object?> Items);

internal sealed record PickleTuple(object?[] Items);

/// <summary>A dictionary, ordered or not. Keys are compared only where names are made of them, so that no key can be made costly to compare.</summary>
internal sealed record PickleDictionary(List<(object? Key, object? Value)> Items);

/// <summary>A name of another program that stands for something we know: a function that we compute ourselves, or a type.</summary>
/// <param name="Name">Its full name.</param>
internal sealed record PickleGlobal(string Name)
{
    /// <summary>What calling it gives; null for what is not called.</summary>
    public Func<object?[], object?>? Call { get; init; }

    /// <summary>The element type that it names, as a storage's or a tensor's.</summary>
    public ScalarType? Type { get; init; }

    /// <summary>A storage without a type: its length counts bytes.</summary>
    public bool IsUntyped { get; init; }
}

/// <summary>A run of bytes that tensors are views of.</summary>
/// <param name="Key">Its name within the file.</param>
/// <param name="Type">Of its elements; null for bytes without a type.</param>
/// <param name="Count">Elements, or bytes where there is no type.</param>
internal sealed record PickleStorage(string Key, ScalarType? Type, long Count)
{
    /// <summary>Null where that is more than can be addressed.</summary>
    public long? Bytes => Count <= long.MaxValue / 8 ? Count * (Type is { } type ? TensorTypes.Size(type) : 1) : null;
}

/// <summary>A view of a storage.</summary>
/// <param name="Storage">What it views.</param>
/// <param name="Type">Of its elements.</param>
/// <param name="First">Index of its first element.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Strides">In elements.</param>
internal sealed record PickleTensor(PickleStorage Storage, ScalarType Type, long First, ImmutableArray<long> Shape, ImmutableArray<long> Strides)
{
    /// <summary>Whether its elements lie one after the other in the order of their indices.</summary>
    public bool IsContiguous
    {
        get
        {
            var expected = 1L;
            for (var i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Strides[i] != expected)
                {
                    return Shape.Contains(0);
                }

                expected *= Shape[i];
            }

            return true;
        }
    }

    /// <summary>Elements from the first to the last that it views, both included.</summary>
    public long Span => Shape.Contains(0) ? 0 : 1 + Shape.Zip(Strides).Sum(d => (d.First - 1) * d.Second);
}
