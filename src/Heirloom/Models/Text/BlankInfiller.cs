using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Text;

/// <summary>What a blank-infilling model reads: a text with blanks (part A), then what fills them, blank by blank (part B).</summary>
/// <param name="Ids"><c>[B, T]</c> int64: part A at the row's start, then part B, then padding.</param>
/// <param name="Positions"><c>[B, T]</c> int64: place in part A; in part B, the place of the blank that is being filled.</param>
/// <param name="BlankPositions"><c>[B, T]</c> int64: 0 in part A; in part B 1, 2, … within each blank.</param>
/// <param name="TextLengths"><c>[B]</c> int64: tokens of part A, which see each other both ways; part B sees all of A and what stands before it in B.</param>
public sealed record BlankInputs(Tensor Ids, Tensor Positions, Tensor BlankPositions, Tensor TextLengths);

/// <summary>Fills blanks token by token.</summary>
public interface IBlankInfillingLM : ILanguageModel
{
    /// <returns><c>[B, T, D]</c></returns>
    Tensor Encode(BlankInputs inputs);
}

/// <summary>A single transformer with two learned positions a token (GLM; Du et al. 2022, §2.2). Read as plain text, every token sees every other.</summary>
public sealed class BlankInfiller : nn.Module, IBlankInfillingLM
{
    private readonly BlankInfillerConfig _config;

    [ComponentName(Name = "embedding")]
    private readonly Embedding _embedding;

    [ComponentName(Name = "positions")]
    private readonly Embedding _positions;

    [ComponentName(Name = "blank_positions")]
    private readonly Embedding _blankPositions;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<TransformerBlock> _layers;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor> _norm;

    internal BlankInfiller(BlankInfillerConfig config) : base(nameof(BlankInfiller))
    {
        _config = config;
        _embedding = Projections.Embedding(config.VocabularySize, config.Block.Width);
        _positions = Projections.Embedding(config.ContextLength, config.Block.Width);
        _blankPositions = Projections.Embedding(config.ContextLength + 1, config.Block.Width);
        _layers = new([.. Enumerable.Range(0, config.Layers).Select(_ => new TransformerBlock(config.Block))]);
        _norm = config.Block.Norm.Build(config.Block.Width);
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public int Width => _config.Block.Width;

    public int VocabularySize => _config.VocabularySize;

    public int ContextLength => _config.ContextLength;

    public Tensor Encode(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        var length = inputs.Ids.shape[1];
        CheckLength(length);
        var places = Positions.Restarted(inputs.Segments, inputs.Mask) ?? arange(length, device: inputs.Ids.device).unsqueeze(0).expand_as(inputs.Ids);
        var pattern = new AttentionPattern { Mask = inputs.Mask, Segments = inputs.Segments };
        return Run(inputs.Ids, places, zeros_like(inputs.Ids), pattern).MoveToOuterDisposeScope();
    }

    /// <exception cref="UserError">Parts A and B together are longer than the context.</exception>
    public Tensor Encode(BlankInputs inputs)
    {
        using var scope = NewDisposeScope();
        CheckLength(inputs.Ids.shape[1]);
        return Run(inputs.Ids, inputs.Positions, inputs.BlankPositions, new() { Causal = true, PrefixLengths = inputs.TextLengths }).MoveToOuterDisposeScope();
    }

    public Tensor Head(Tensor hidden) => nn.functional.linear(hidden, _embedding.weight!);

    private Tensor Run(Tensor ids, Tensor positions, Tensor blankPositions, AttentionPattern pattern)
    {
        var length = ids.shape[1];
        var x_BTD = _embedding.call(ids).add(_positions.call(positions), KeptScalar.One).add(_blankPositions.call(blankPositions), KeptScalar.One);
        x_BTD = Dropping.Apply(x_BTD, _config.Block.Dropout, training);
        var context = new AttentionContext { Mask = pattern.Resolve(length, length, x_BTD) };
        for (var i = 0; i < _layers.Count; i++)
        {
            x_BTD = _layers[i].call(x_BTD, context, i);
        }

        return _norm.call(x_BTD);
    }

    private void CheckLength(long length)
    {
        if (length > ContextLength)
        {
            throw new UserError($"{length} tokens do not fit a context of {ContextLength}", mend: "shorten the text, or build the model with a longer context_length");
        }
    }
}
