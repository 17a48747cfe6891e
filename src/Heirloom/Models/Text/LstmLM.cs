using System.ComponentModel.DataAnnotations;
using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Text;

/// <summary>A recurrent language model (Zaremba, Sutskever and Vinyals 2014), the baseline from before transformers.</summary>
public sealed record LstmLMConfig : ModelConfig, IExample<LstmLMConfig>
{
    public static LstmLMConfig Example => new() { VocabularySize = 32, ContextLength = 16, Width = 16, Layers = 2 };

    [Range(1, int.MaxValue)]
    public required int VocabularySize { get; init; }

    /// <summary>Longest sequence; a bound on memory, not of the architecture.</summary>
    [Range(1, int.MaxValue)]
    public required int ContextLength { get; init; }

    /// <summary>Width of embeddings, cells and hidden vectors.</summary>
    [Range(1, int.MaxValue)]
    public required int Width { get; init; }

    [Range(1, int.MaxValue)]
    public int Layers { get; init; } = 1;

    /// <summary>Dropped share of the embedding, between layers and of the output.</summary>
    [Range(0.0, 0.999)]
    public double Dropout { get; init; }

    /// <summary>Whether the vocabulary head is the embedding.</summary>
    public bool TieEmbeddings { get; init; } = true;

    public override LstmLM Build(Seed seed) => new(this, seed);
}

/// <summary>Reads from left to right; a hidden vector has seen its own token and those before it.</summary>
public sealed class LstmLM : nn.Module, ILanguageModel
{
    private readonly LstmLMConfig _config;

    [ComponentName(Name = "embedding")]
    private readonly Embedding _embedding;

    [ComponentName(Name = "layers")]
    private readonly LSTM _layers;

    [ComponentName(Name = "head")]
    private readonly VocabularyHead _head;

    internal LstmLM(LstmLMConfig config, Seed seed) : base(nameof(LstmLM))
    {
        _config = config;
        _embedding = Projections.Embedding(config.VocabularySize, config.Width);
        _layers = ModuleWeight.Kept(nn.LSTM(config.Width, config.Width, config.Layers, batchFirst: true, dropout: config.Layers > 1 ? config.Dropout : 0));
        _head = new(config.TieEmbeddings ? null : config.Width, config.VocabularySize, bias: true);
        RegisterComponents();
        Initialize(seed);
    }

    public ModelConfig Config => _config;

    public int Width => _config.Width;

    public int VocabularySize => _config.VocabularySize;

    public int ContextLength => _config.ContextLength;

    /// <summary>The state starts from zero in each row and each segment. Padding belongs at a row's end; a prefix is read like the rest.</summary>
    public Tensor Encode(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        var x_BTD = Dropped(_embedding.call(inputs.Ids));
        var hidden_BTD = Runs.Of(inputs.Segments, mask: null) is { } runs ? runs.Put(Run(runs.Take(x_BTD)), x_BTD.shape[0]) : Run(x_BTD);
        return Dropped(hidden_BTD).MoveToOuterDisposeScope();
    }

    public Tensor Head(Tensor hidden) => _head.call(hidden, _embedding.weight!);

    private Tensor Run(Tensor x_BTD)
    {
        var (hidden, state, cell) = _layers.call(x_BTD);
        state.Dispose();
        cell.Dispose();
        return hidden;
    }

    private Tensor Dropped(Tensor x) => Dropping.Apply(x, _config.Dropout, training);

    /// <summary>Cells uniform on ±1/√width with forget gates open (Jozefowicz et al. 2015), embeddings and head normal.</summary>
    private void Initialize(Seed seed)
    {
        using var frozen = no_grad();
        var bound = 1 / Math.Sqrt(_config.Width);
        foreach (var (name, parameter) in this.named_parameters())
        {
            using var scope = NewDisposeScope();
            using var generator = seed.For(name).Generator();
            if (name.StartsWith("layers.weight", StringComparison.Ordinal))
            {
                parameter.uniform_(-bound, bound, generator);
            }
            else if (name.Contains("bias", StringComparison.Ordinal))
            {
                parameter.zero_();
                if (name.StartsWith("layers.bias_ih", StringComparison.Ordinal))
                {
                    parameter.narrow(0, _config.Width, _config.Width).fill_(1); // gates: input, forget, cell, output
                }
            }
            else
            {
                parameter.normal_(0, bound, generator);
            }
        }
    }
}
