using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>What a recurrent layer keeps of what it has read.</summary>
public enum RecurrentCell
{
    /// <summary>One tanh layer (Elman 1990).</summary>
    Rnn,

    /// <summary>Hochreiter and Schmidhuber 1997.</summary>
    Lstm,

    /// <summary>Cho et al. 2014.</summary>
    Gru,
}

/// <summary>Which way rows are read.</summary>
public enum ReadingDirection
{
    Forward,

    /// <summary>Every layer reads what the one below made in both directions (Schuster and Paliwal 1997).</summary>
    Both,

    /// <summary>Two stacks, one in each direction, that never meet (Peters et al. 2018, ELMo, §3.1).</summary>
    Separate,
}

/// <summary>Recurrent layers. The state starts from zero in each row and each document; padding has no part in it.</summary>
[Kind("recurrent")]
public sealed record RecurrentPartConfig : EncoderPartConfig, IExample<RecurrentPartConfig>
{
    public static RecurrentPartConfig Example => new() { Width = 16, Direction = ReadingDirection.Both };

    public RecurrentCell Cell { get; init; } = RecurrentCell.Lstm;

    public ReadingDirection Direction { get; init; }

    /// <summary>Of what comes out; each of two directions has half of it.</summary>
    [Range(1, int.MaxValue)]
    public required int Width { get; init; }

    [Range(1, int.MaxValue)]
    public int Layers { get; init; } = 1;

    /// <summary>Dropped share of what comes out of each layer.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    internal override Sight Sight => Direction switch
    {
        ReadingDirection.Forward => Sight.Past,
        ReadingDirection.Separate => Sight.Halves,
        _ => Sight.All,
    };

    /// <exception cref="UserError">Two directions of an odd width.</exception>
    internal override RecurrentPart Build(int width) => Direction == ReadingDirection.Forward || Width % 2 == 0
        ? new(this, width)
        : throw new UserError($"two directions share a width of {Width}", "encoder.width", "choose an even one");
}

/// <inheritdoc cref="RecurrentPartConfig"/>
public sealed class RecurrentPart : EncoderPart, IOwnStart
{
    private readonly RecurrentPartConfig _config;

    [ComponentName(Name = "forwards")]
    private readonly ModuleList<nn.Module> _forwards;

    [ComponentName(Name = "backwards")]
    private readonly ModuleList<nn.Module>? _backwards;

    internal RecurrentPart(RecurrentPartConfig config, int width) : base(nameof(RecurrentPart))
    {
        _config = config;
        _forwards = Stack();
        _backwards = config.Direction == ReadingDirection.Forward ? null : Stack();
        RegisterComponents();

        ModuleList<nn.Module> Stack() => new([.. Enumerable.Range(0, config.Layers).Select(i => Cell(config.Cell, i == 0 ? width : config.Direction == ReadingDirection.Separate ? Half : config.Width, Half))]);
    }

    public override int Width => _config.Width;

    private int Half => _config.Direction == ReadingDirection.Forward ? _config.Width : _config.Width / 2;

    /// <summary>Uniform on ±1/√width, with an LSTM's forget gates open (Jozefowicz et al. 2015).</summary>
    public void Start(Seed seed)
    {
        using var frozen = no_grad();
        var bound = 1 / Math.Sqrt(Half);
        foreach (var (name, parameter) in this.named_parameters())
        {
            using var scope = NewDisposeScope();
            using var generator = seed.For(name).Generator();
            if (!name.Contains("bias", StringComparison.Ordinal))
            {
                parameter.uniform_(-bound, bound, generator);
                continue;
            }

            parameter.zero_();
            if (_config.Cell == RecurrentCell.Lstm && name.Contains("bias_ih", StringComparison.Ordinal))
            {
                parameter.narrow(0, Half, Half).fill_(1); // gates: input, forget, cell, output
            }
        }
    }

    internal override Tensor Encode(StreamState state)
    {
        using var scope = NewDisposeScope();
        var runs = Runs.Of(state.Segments, state.Mask);
        var x = state.Vectors;
        if (_backwards is null)
        {
            return Climb(_forwards, x, runs, reversed: false).MoveToOuterDisposeScope();
        }

        if (_config.Direction == ReadingDirection.Separate)
        {
            return cat([Climb(_forwards, x, runs, reversed: false), Climb(_backwards, x, runs, reversed: true)], -1).MoveToOuterDisposeScope();
        }

        for (var i = 0; i < _config.Layers; i++)
        {
            x = Dropped(cat([Read(_forwards[i], x, runs, reversed: false), Read(_backwards[i], x, runs, reversed: true)], -1));
        }

        return x.MoveToOuterDisposeScope();
    }

    private Tensor Climb(ModuleList<nn.Module> stack, Tensor x, Runs? runs, bool reversed) =>
        stack.Aggregate(x, (below, cell) => Dropped(Read(cell, below, runs, reversed)));

    private static Tensor Read(nn.Module cell, Tensor x, Runs? runs, bool reversed)
    {
        if (runs is not null)
        {
            return runs.Put(Run(cell, runs.Take(x, reversed)), x.shape[0], reversed);
        }

        return reversed ? Run(cell, x.flip(1)).flip(1) : Run(cell, x);
    }

    private static Tensor Run(nn.Module cell, Tensor x) => cell switch
    {
        LSTM lstm => lstm.call(x).Item1,
        GRU gru => gru.call(x).Item1,
        _ => ((RNN)cell).call(x).Item1,
    };

    private static nn.Module Cell(RecurrentCell cell, int inputs, int width) => cell switch
    {
        RecurrentCell.Lstm => ModuleWeight.Kept(nn.LSTM(inputs, width, batchFirst: true)),
        RecurrentCell.Gru => ModuleWeight.Kept(nn.GRU(inputs, width, batchFirst: true)),
        _ => ModuleWeight.Kept(nn.RNN(inputs, width, batchFirst: true)),
    };

    private Tensor Dropped(Tensor x) => Dropping.Apply(x, _config.Dropout, training);
}
