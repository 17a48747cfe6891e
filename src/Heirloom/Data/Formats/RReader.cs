using System.Buffers.Binary;

namespace Heirloom.Data.Formats;

/// <summary>
/// Reads R's binary serialization ("XDR", versions 2 and 3; R Internals, section 1.8) from memory. No code of R is run or kept.
/// Every length is checked against the bytes that are left before anything is allocated.
/// </summary>
internal sealed class RReader(byte[] bytes)
{
    private const int DeepestNesting = 500;
    private const int LongestSequence = 1 << 24;

    private readonly List<RValue> _references = [];
    private int _at;
    private int _depth;

    /// <summary>Reads a stream from its "X" on.</summary>
    /// <exception cref="InvalidDataException">The bytes are not such a stream.</exception>
    public static RValue Read(byte[] bytes, int start = 0)
    {
        var reader = new RReader(bytes) { _at = start };
        var format = reader.Take(2);
        if (!format.SequenceEqual("X\n"u8))
        {
            throw new InvalidDataException("it is not in R's binary XDR format");
        }

        var version = reader.Integer();
        reader.Take(8); // the writer's version and the oldest reader's
        if (version == 3)
        {
            reader.Take(reader.Length(1)); // the name of the writer's own character set
        }
        else if (version != 2)
        {
            throw new InvalidDataException($"its version is {version}, and 2 and 3 are known");
        }

        return reader.Item();
    }

    private RValue Item()
    {
        if (++_depth > DeepestNesting)
        {
            throw new InvalidDataException($"it is nested more than {DeepestNesting} deep");
        }

        var flags = Integer();
        var value = Item(flags, flags & 0xFF, (flags & 0x200) != 0, (flags & 0x400) != 0);
        _depth--;
        return value;
    }

    private RValue Item(int flags, int type, bool hasAttributes, bool hasTag) => type switch
    {
        254 => RNull.Instance,
        255 => Reference(flags >> 8),
        253 or 252 or 251 or 250 or 242 or 241 => new ROpaque("environment"),
        249 or 248 or 247 => Named(),
        1 => Remember(Item()),
        9 => new RStrings([Characters(flags >> 12)]),
        2 or 3 or 5 or 6 or 17 => Pairs(type, hasAttributes, hasTag),
        239 or 240 => Pairs(type == 239 ? 2 : 6, true, hasTag),
        4 => Environment(),
        7 or 8 => Function(),
        22 => External(true),
        23 => External(false),
        238 => Alternative(),
        10 => With(hasAttributes, new RLogicals(Integers())),
        13 => With(hasAttributes, new RIntegers(Integers())),
        14 => With(hasAttributes, new RNumbers(Doubles(1))),
        15 => With(hasAttributes, new RNumbers(Doubles(2))),
        16 => With(hasAttributes, new RStrings(Texts())),
        19 or 20 => With(hasAttributes, new RList(Items())),
        24 => With(hasAttributes, new RBytes(Take(Length(1)).ToArray())),
        25 => With(hasAttributes, new ROpaque("S4")),
        _ => throw new InvalidDataException($"it holds something of type {type}, which is no data"),
    };

    /// <summary>A chain of pairs, read in a loop: it may be longer than the stack is deep.</summary>
    private RValue Pairs(int type, bool hasAttributes, bool hasTag)
    {
        var values = new List<RValue>();
        var tags = new List<string?>();
        IReadOnlyDictionary<string, RValue>? attributes = null;
        while (true)
        {
            if (hasAttributes)
            {
                var own = AttributesOf(Item());
                attributes ??= own;
            }

            tags.Add(hasTag && Item() is RStrings { Values: [var tag] } ? tag : null);
            values.Add(Item());
            var flags = Integer();
            var next = flags & 0xFF;
            if (next is not (2 or 6))
            {
                var tail = Item(flags, next, (flags & 0x200) != 0, (flags & 0x400) != 0);
                if (tail is not RNull)
                {
                    values.Add(tail);
                    tags.Add(null);
                }

                break;
            }

            (hasAttributes, hasTag) = ((flags & 0x200) != 0, (flags & 0x400) != 0);
        }

        if (type != 2)
        {
            return new ROpaque("language");
        }

        var list = new RList(values);
        var all = attributes is null ? [] : new Dictionary<string, RValue>(attributes);
        if (tags.Any(tag => tag is not null))
        {
            all["names"] = new RStrings([.. tags]);
        }

        list.Attributes = all;
        return list;
    }

    private static Dictionary<string, RValue> AttributesOf(RValue value)
    {
        var attributes = new Dictionary<string, RValue>();
        if (value is RList list)
        {
            var names = list.Strings("names");
            for (var i = 0; i < list.Values.Count; i++)
            {
                attributes[(i < names.Count ? names[i] : null) ?? ""] = list.Values[i];
            }
        }

        return attributes;
    }

    private T With<T>(bool hasAttributes, T value) where T : RValue
    {
        if (hasAttributes)
        {
            value.Attributes = AttributesOf(Item());
        }

        return value;
    }

    private ROpaque Function()
    {
        Take(Length(1)); // its name
        return new("function");
    }

    private ROpaque Environment()
    {
        var environment = Remember(new ROpaque("environment")); // before its parts, which may refer to it
        Integer();
        for (var part = 0; part < 4; part++)
        {
            Item();
        }

        return environment;
    }

    private ROpaque External(bool hasParts)
    {
        var external = Remember(new ROpaque("external"));
        for (var part = hasParts ? 0 : 2; part < 3; part++)
        {
            Item();
        }

        return external;
    }

    private ROpaque Named()
    {
        Integer();
        for (var left = Length(8); left > 0; left--)
        {
            Item();
        }

        return Remember(new ROpaque("environment"));
    }

    private RValue Reference(int index)
    {
        index = index == 0 ? Integer() : index;
        return index >= 1 && index <= _references.Count ? _references[index - 1] : throw new InvalidDataException($"it refers to object {index} of {_references.Count}");
    }

    /// <summary>Vectors in a shorter form (R 3.5 and later).</summary>
    private RValue Alternative()
    {
        var kind = Item() is RList { Values: [RStrings { Values: [{ } name] }, ..] } ? name : "?";
        var state = Item();
        var attributes = AttributesOf(Item());
        RValue value = (kind, state) switch
        {
            ("compact_intseq", RNumbers { Values: [var n, var first, var step] }) => new RIntegers([.. Sequence(n, first, step).Select(x => checked((int)x))]),
            ("compact_realseq", RNumbers { Values: [var n, var first, var step] }) => new RNumbers([.. Sequence(n, first, step)]),
            (_, RList { Values: [var wrapped, ..] }) when kind.StartsWith("wrap_", StringComparison.Ordinal) => wrapped with { },
            ("deferred_string", RList { Values: [RIntegers numbers, ..] }) => new RStrings([.. numbers.Values.Select(x => x == RIntegers.Missing ? null : x.ToString())]),
            ("deferred_string", RList { Values: [RNumbers numbers, ..] }) => new RStrings([.. numbers.Values.Select(x => double.IsNaN(x) ? null : x.ToString())]),
            _ => throw new InvalidDataException($"it holds an alternative vector '{kind}'"),
        };
        if (attributes.Count > 0)
        {
            value.Attributes = attributes;
        }

        return value;
    }

    private static IEnumerable<double> Sequence(double length, double first, double step)
    {
        if (!(length >= 0 && length <= LongestSequence))
        {
            throw new InvalidDataException($"a sequence of {length} elements is too long");
        }

        return Enumerable.Range(0, (int)length).Select(i => first + (i * step));
    }

    private string? Characters(int levels)
    {
        const int latin1 = 1 << 2;
        var length = Integer();
        if (length == -1)
        {
            return null;
        }

        return ((levels & latin1) != 0 ? TextEncoding.Latin1 : TextEncoding.UTF8).GetString(Take(length));
    }

    private string?[] Texts()
    {
        var values = new string?[Length(4)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Item() is RStrings { Values: [var text] } ? text : throw new InvalidDataException("a character vector holds something else");
        }

        return values;
    }

    private RValue[] Items()
    {
        var values = new RValue[Length(4)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Item();
        }

        return values;
    }

    private int[] Integers()
    {
        var length = Length(sizeof(int));
        var values = new int[length];
        var source = Take(length * sizeof(int));
        for (var i = 0; i < length; i++)
        {
            values[i] = BinaryPrimitives.ReadInt32BigEndian(source[(i * sizeof(int))..]);
        }

        return values;
    }

    private double[] Doubles(int each)
    {
        var length = Length(each * sizeof(double)) * each;
        var values = new double[length];
        var source = Take(length * sizeof(double));
        for (var i = 0; i < length; i++)
        {
            values[i] = BinaryPrimitives.ReadDoubleBigEndian(source[(i * sizeof(double))..]);
        }

        return values;
    }

    private T Remember<T>(T value) where T : RValue
    {
        _references.Add(value);
        return value;
    }

    /// <summary>A length that the bytes which are left can hold, at <paramref name="least"/> bytes an element.</summary>
    private int Length(int least)
    {
        long length = Integer();
        if (length == -1)
        {
            length = ((long)Integer() << 32) | (uint)Integer();
        }

        return length >= 0 && length <= (bytes.Length - _at) / least ? (int)length : throw new EndOfStreamException($"{length} elements are announced and {bytes.Length - _at} bytes are left");
    }

    private int Integer() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > bytes.Length - _at)
        {
            throw new EndOfStreamException($"{count} bytes are announced and {bytes.Length - _at} are left");
        }

        _at += count;
        return bytes.AsSpan(_at - count, count);
    }
}
