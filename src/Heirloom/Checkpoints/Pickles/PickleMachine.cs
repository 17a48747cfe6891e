using System.Globalization;

namespace Heirloom.Checkpoints.Pickles;

/// <summary>
/// Reads one pickle, which is a small program for a stack machine. Of its operations those that build dictionaries, lists, numbers and text are done; those that
/// could make anything else (calling a function, building an object) only for what <see cref="TorchGlobals"/> lists.
/// </summary>
/// <remarks>Work and memory are bounded: so many operations, a text no longer than the file, a number of at most 16 bytes, and nothing recursive.</remarks>
internal sealed class PickleMachine
{
    /// <summary>Far more than any model's: some forty for each tensor.</summary>
    private const int MaxOperations = 4_000_000;
    private const int MaxProtocol = 5, MaxNumberBytes = 16, CallCost = 8;

    private readonly PickleInput _input;
    private readonly string _path;
    private readonly Dictionary<long, object?> _memo = [];
    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = [];
    private int _done;

    private readonly ICollection<PickleStorage>? _storages;

    private PickleMachine(PickleInput input, string path, ICollection<PickleStorage>? storages)
    {
        _input = input;
        _path = path;
        _storages = storages;
    }

    /// <summary>Runs it to its end.</summary>
    /// <param name="input">Left after its last byte.</param>
    /// <param name="path">For messages.</param>
    /// <param name="storages">Takes the storages that it names.</param>
    /// <exception cref="UserError">It is damaged, or asks for something that is no tensor, dictionary, list, number or text.</exception>
    public static object? Run(PickleInput input, string path, ICollection<PickleStorage>? storages = null)
    {
        var machine = new PickleMachine(input, path, storages);
        try
        {
            return machine.Run();
        }
        catch (FormatException e)
        {
            throw machine.Damaged(e.Message, e);
        }
    }

    private object? Run()
    {
        while (_done++ < MaxOperations)
        {
            var operation = (char)_input.Byte();
            if (operation == '.')
            {
                return Pop();
            }

            Do(operation);
        }

        throw TooLong();
    }

    private UserError TooLong() => Damaged("it has more operations than the weights of any model");

    private void Do(char operation)
    {
        switch (operation)
        {
            case '\x80': Protocol(_input.Byte()); break;
            case '\x95': _input.UInt64(); break; // how long a frame is: a hint for reading ahead
            case '(': _marks.Push(_stack.Count); break;
            case '0': Discard(); break;
            case '1': AfterMark(); break;
            case '2': Push(Top()); break;

            case 'N': Push(null); break;
            case '\x88': Push(true); break;
            case '\x89': Push(false); break;
            case 'I': Push(Integer(_input.Line(), truth: true)); break;
            case 'L': Push(Integer(_input.Line().TrimEnd('L'), truth: false)); break;
            case 'J': Push((long)_input.Int32()); break;
            case 'K': Push((long)_input.Byte()); break;
            case 'M': Push((long)_input.UInt16()); break;
            case '\x8a': Push(Integer(_input.Byte())); break;
            case '\x8b': Push(Integer((uint)_input.Int32())); break;
            case 'F': Push(double.TryParse(_input.Line(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : throw Damaged("a number in it is none")); break;
            case 'G': Push(_input.BigEndianDouble()); break;

            case 'X': Push(_input.Text((uint)_input.Int32())); break;
            case '\x8c': Push(_input.Text(_input.Byte())); break;
            case '\x8d': Push(_input.Text(_input.UInt64())); break;
            // the second Python's text, which may be bytes
            case 'T': Push(TextEncoding.Latin1.GetString(_input.Bytes((uint)_input.Int32()))); break;
            case 'U': Push(TextEncoding.Latin1.GetString(_input.Bytes(_input.Byte()))); break;
            case 'B': Push(_input.Bytes((uint)_input.Int32())); break;
            case 'C': Push(_input.Bytes(_input.Byte())); break;
            case '\x8e': Push(_input.Bytes(_input.UInt64())); break;

            case ')': Push(new PickleTuple([])); break;
            case '\x85': Push(new PickleTuple(Take(1))); break;
            case '\x86': Push(new PickleTuple(Take(2))); break;
            case '\x87': Push(new PickleTuple(Take(3))); break;
            case 't': Push(new PickleTuple(AfterMark())); break;
            case ']': Push(new PickleList([])); break;
            case 'l': Push(new PickleList([.. AfterMark()])); break;
            case 'a': Append(Take(1)); break;
            case 'e': Append(AfterMark()); break;
            case '}': Push(new PickleDictionary([])); break;
            case 'd': Push(new PickleDictionary(Pairs(AfterMark()))); break;
            case 's': Set(Take(2)); break;
            case 'u': Set(AfterMark()); break;

            case 'p': _memo[MemoKey(_input.Line())] = Top(); break;
            case 'q': _memo[_input.Byte()] = Top(); break;
            case 'r': _memo[(uint)_input.Int32()] = Top(); break;
            case '\x94': _memo[_memo.Count] = Top(); break;
            case 'g': Push(Recall(MemoKey(_input.Line()))); break;
            case 'h': Push(Recall(_input.Byte())); break;
            case 'j': Push(Recall((uint)_input.Int32())); break;

            case 'c': Push(Global(_input.Line(), _input.Line())); break;
            case '\x93': Push(Take(2) is [string module, string name] ? Global(module, name) : throw Damaged("a name in it is no text")); break;
            case 'R': Push(Call(Take(2))); break;
            case 'b': Build(Take(1)[0]); break;
            case 'Q': Push(Storage(Pop())); break;
            default: throw Refused($"uses the operation {Show(operation)}");
        }
    }

    private void Protocol(byte version)
    {
        if (version > MaxProtocol)
        {
            throw Refused($"is a pickle of version {version}");
        }
    }

    private PickleGlobal Global(string module, string name) =>
        TorchGlobals.Find(module, name) ?? throw Refused($"asks for '{Short(module)}.{Short(name)}'");

    private object? Call(object?[] what)
    {
        if (what is not [PickleGlobal { Call: { } call }, PickleTuple arguments])
        {
            throw what[0] is PickleGlobal global ? Refused($"calls '{global.Name}'") : Damaged("it calls what is no function");
        }

        // a call may copy what it is given, and a few bytes can give the same long list again and again
        var cost = CallCost + arguments.Items.Sum(a => a is PickleTuple tuple ? tuple.Items.Length : a is PickleList list ? list.Items.Count : 1L);
        _done = (int)Math.Min(MaxOperations, _done + cost);
        if (_done == MaxOperations)
        {
            throw TooLong();
        }

        return call(arguments.Items);
    }

    /// <summary>Attributes of an object: a state dictionary's versions, say. Nobody reads them.</summary>
    private void Build(object? state)
    {
        if (Top() is not (PickleDictionary or PickleTensor) || state is not (null or PickleDictionary or PickleTuple))
        {
            throw Refused("sets the state of an object");
        }
    }

    /// <summary>('storage', type, key, device, elements), and in old files what it is a view of.</summary>
    private PickleStorage Storage(object? id)
    {
        if (id is not PickleTuple { Items: ["storage", PickleGlobal type, var key, _, long and >= 0 and var count, ..] } tuple || key is not (string or long)
            || !(type.IsUntyped || type.Type is not null) || tuple.Items.Length > 6)
        {
            throw Refused("refers to something outside it that is no storage");
        }

        if (tuple.Items is [_, _, _, _, _, not null])
        {
            throw Refused("holds a storage that is a view of another, which only the first versions of PyTorch wrote");
        }

        var storage = new PickleStorage(Convert.ToString(key, CultureInfo.InvariantCulture)!, type.Type, count);
        _storages?.Add(storage);
        return storage;
    }

    private void Append(object?[] items)
    {
        if (Top() is not PickleList list)
        {
            throw Refused("adds to something that is no list");
        }

        list.Items.AddRange(items);
    }

    private void Set(object?[] items)
    {
        if (Top() is not PickleDictionary dictionary)
        {
            throw Refused("sets an item of something that is no dictionary");
        }

        dictionary.Items.AddRange(Pairs(items));
    }

    private List<(object? Key, object? Value)> Pairs(object?[] items) => items.Length % 2 == 0
        ? [.. Enumerable.Range(0, items.Length / 2).Select(i => (items[2 * i], items[(2 * i) + 1]))]
        : throw Damaged("a key in it has no value");

    private object Integer(string digits, bool truth) => (digits, truth) switch
    {
        ("00", true) => false,
        ("01", true) => true,
        _ => long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw Damaged("a number in it is none, or too large"),
    };

    private object? Integer(uint length)
    {
        if (length > MaxNumberBytes)
        {
            throw Damaged($"a number in it has {length} bytes");
        }

        Int128 number = 0;
        var bytes = _input.Bytes(length);
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            // the sign is that of the highest byte
            number = (number << 8) | (i == bytes.Length - 1 ? (sbyte)bytes[i] : (Int128)bytes[i]);
        }

        return Number(number);

        // what a program may go on with is a long wherever it fits
        static object? Number(Int128 value) => value >= long.MinValue && value <= long.MaxValue ? (long)value : value as object;
    }

    private long MemoKey(string line) => long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var key) ? key : throw Damaged("a reference in it is no number");

    private object? Recall(long key) => _memo.TryGetValue(key, out var value) ? value : throw Damaged("it refers to a value that it has not made");

    private void Push(object? value) => _stack.Add(value);

    private int Floor => _marks.TryPeek(out var mark) ? mark : 0;

    private object? Top() => _stack.Count > Floor ? _stack[^1] : throw Damaged("it takes a value that is not there");

    private object? Pop()
    {
        var top = Top();
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private void Discard()
    {
        if (_stack.Count > Floor)
        {
            Pop();
        }
        else
        {
            AfterMark();
        }
    }

    private object?[] Take(int count)
    {
        if (_stack.Count - Floor < count)
        {
            throw Damaged("it takes a value that is not there");
        }

        object?[] taken = [.. _stack.GetRange(_stack.Count - count, count)];
        _stack.RemoveRange(_stack.Count - count, count);
        return taken;
    }

    private object?[] AfterMark()
    {
        if (_marks.Count == 0)
        {
            throw Damaged("it takes values that are not there");
        }

        var mark = _marks.Pop();
        object?[] taken = [.. _stack.GetRange(mark, _stack.Count - mark)];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return taken;
    }

    private UserError Damaged(string what, Exception? inner = null) => _input.Damaged(what, inner);

    private UserError Refused(string what) => new(
        $"{what}, which is refused: a file of weights may hold tensors, dictionaries, lists, numbers and text", _path, "save the model's state dictionary alone, best as safetensors");

    private static string Show(char operation) => operation is > ' ' and < '\x7f' ? $"'{operation}'" : $"0x{(int)operation:x2}";

    private static string Short(string name) => name.Length <= 100 ? name : name[..100] + "\u2026";
}
