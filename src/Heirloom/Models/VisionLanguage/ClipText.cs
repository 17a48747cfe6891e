using Heirloom.Layers;
using Heirloom.Models.Heads;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.VisionLanguage;

/// <inheritdoc cref="ClipTextConfig"/>
public sealed class ClipText : nn.Module, ITextEmbedder
{
    private readonly ClipTextConfig _config;

    [ComponentName(Name = "embedding")]
    private readonly Embedding _embedding;

    [ComponentName(Name = "positions")]
    private readonly LearnedPositions _positions;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<TransformerBlock> _layers;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor> _norm;

    [ComponentName(Name = "projection")]
    private readonly Linear? _projection;

    internal ClipText(ClipTextConfig config) : base(nameof(ClipText))
    {
        _config = config;
        _embedding = Projections.Embedding(config.VocabularySize, Width);
        _positions = new(config.ContextLength, Width, offset: 0);
        _layers = new([.. Enumerable.Range(0, config.Layers).Select(_ => new TransformerBlock(config.Block))]);
        _norm = config.Block.Norm.Build(Width);
        _projection = config.ProjectionWidth is { } projection ? Projections.Linear(Width, projection, bias: false) : null;
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public int Width => _config.Block.Width;

    public int VocabularySize => _config.VocabularySize;

    public int ContextLength => _config.ContextLength;

    /// <exception cref="UserError">The text is longer than the context.</exception>
    public Tensor Encode(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        var length = inputs.Ids.shape[1];
        if (length > ContextLength)
        {
            throw new UserError($"a sequence of {length} tokens does not fit a context of {ContextLength}", mend: "shorten it or build the model with a longer context_length");
        }

        // positions count over padding, wherever it stands, as the published models' do
        var x = _positions.Embed(_embedding.call(inputs.Ids), 0, Positions.Restarted(inputs.Segments, mask: null));
        var context = new AttentionContext
        {
            Mask = new AttentionPattern { Causal = true, Window = _config.Block.Attention.Window, Mask = inputs.Mask, Segments = inputs.Segments, PrefixLengths = inputs.PrefixLengths }.Resolve(length, length, x),
        };
        for (var i = 0; i < _layers.Count; i++)
        {
            x = _layers[i].call(x, context, i);
        }

        return _norm.call(x).MoveToOuterDisposeScope();
    }

    /// <summary>The vector at the text's end, projected where the model projects.</summary>
    public Tensor Embed(TokenInputs inputs)
    {
        using var scope = NewDisposeScope();
        var pooled = Pool(Encode(inputs), inputs.Ids);
        return (_projection?.call(pooled) ?? pooled).MoveToOuterDisposeScope();
    }

    /// <summary>The vector at the text's end.</summary>
    /// <param name="hidden"><c>[B, T, D]</c></param>
    /// <param name="ids"><c>[B, T]</c></param>
    /// <returns><c>[B, D]</c></returns>
    /// <exception cref="UserError">A text lacks the end token.</exception>
    public Tensor Pool(Tensor hidden, Tensor ids)
    {
        using var scope = NewDisposeScope();
        var end = (_config.EndToken is { } token ? PoolingExtensions.Ends(ids, token).to(ScalarType.Int64) : ids).argmax(1);
        return hidden.gather(1, end.view(-1, 1, 1).expand(-1, 1, hidden.shape[2])).squeeze(1).MoveToOuterDisposeScope();
    }
}
