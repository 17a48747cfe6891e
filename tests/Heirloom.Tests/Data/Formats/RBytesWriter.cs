using System.Buffers.Binary;

namespace Heirloom.Tests.Data.Formats;

/// <summary>Writes R's serialization (version 2) for tests: the format's definition said a second time, from the writer's side.</summary>
internal sealed class RBytesWriter
{
    private const int Symbol = 1, Pair = 2, Text = 9, IntegerVector = 13, NumberVector = 14, TextVector = 16, ListVector = 19, Alternative = 238, Null = 254;
    private const int HasClass = 0x100, HasAttributes = 0x200, HasTag = 0x400, Utf8 = 1 << 15;

    private readonly List<byte> _bytes = [];

    public RBytesWriter()
    {
        _bytes.AddRange("X\n"u8);
        Raw(2, 0x030601, 0x020300);
    }

    public byte[] ToArray() => [.. _bytes];

    public RBytesWriter Raw(params int[] values)
    {
        var bytes = new byte[4];
        foreach (var value in values)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes, value);
            _bytes.AddRange(bytes);
        }

        return this;
    }

    public RBytesWriter Strings(params string?[] values)
    {
        Raw(TextVector, values.Length);
        foreach (var value in values)
        {
            Characters(value);
        }

        return this;
    }

    public RBytesWriter Integers(params int[] values) => Raw(IntegerVector, values.Length).Raw(values);

    public RBytesWriter Numbers(params double[] values)
    {
        Raw(NumberVector, values.Length);
        var bytes = new byte[8];
        foreach (var value in values)
        {
            BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
            _bytes.AddRange(bytes);
        }

        return this;
    }

    public RBytesWriter Factor(string[] levels, params int[] codes) =>
        Raw(IntegerVector | HasClass | HasAttributes, codes.Length).Raw(codes).Pairs(("levels", w => w.Strings(levels)), ("class", w => w.Strings("factor")));

    public RBytesWriter List(params (string Name, Action<RBytesWriter> Write)[] items) => List([], items);

    public RBytesWriter Frame(params (string Name, Action<RBytesWriter> Write)[] columns) => List(
        [("class", w => w.Strings("data.frame")), ("row.names", w => w.Integers(int.MinValue, -1))], columns);

    /// <summary>A pair list with tags.</summary>
    public RBytesWriter Pairs(params (string Name, Action<RBytesWriter> Write)[] items)
    {
        foreach (var (name, write) in items)
        {
            Raw(Pair | HasTag, Symbol);
            Characters(name);
            write(this);
        }

        return Raw(Null);
    }

    public RBytesWriter Sequence(string kind, double length, double first, double step)
    {
        Raw(Alternative, Pair, Symbol);
        Characters(kind);
        Raw(Null);
        return Numbers(length, first, step).Raw(Null);
    }

    private RBytesWriter List((string Name, Action<RBytesWriter> Write)[] attributes, (string Name, Action<RBytesWriter> Write)[] items)
    {
        Raw(ListVector | HasAttributes, items.Length);
        foreach (var (_, write) in items)
        {
            write(this);
        }

        return Pairs([("names", w => w.Strings([.. items.Select(i => i.Name)])), .. attributes]);
    }

    private void Characters(string? value)
    {
        if (value is null)
        {
            Raw(Text, -1);
            return;
        }

        var bytes = TextEncoding.UTF8.GetBytes(value);
        Raw(Text | Utf8, bytes.Length);
        _bytes.AddRange(bytes);
    }
}
