using Heirloom.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.InContext;

/// <summary>
/// Reads x₁, y₁, …, x_K, y_K as 2K tokens of width D + 1 (a point as (0, x), a value as (y, 0, …, 0)) through one linear map, and gives its prediction of
/// y_k where it has just read x_k.
/// </summary>
public sealed class RegressionTransformer : nn.Module, IInContextRegressor
{
    private readonly RegressionTransformerConfig _config;

    [ComponentName(Name = "read_in")]
    private readonly Linear _readIn;

    [ComponentName(Name = "positions")]
    private readonly Positions _positions;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<TransformerBlock> _layers;

    [ComponentName(Name = "norm")]
    private readonly nn.Module<Tensor, Tensor>? _norm;

    [ComponentName(Name = "read_out")]
    private readonly Linear _readOut;

    internal RegressionTransformer(RegressionTransformerConfig config) : base(nameof(RegressionTransformer))
    {
        _config = config;
        var block = config.Block;
        _readIn = Projections.Linear(config.Dimensions + 1, block.Width, bias: false);
        _positions = config.Positions.Build(block.PositionsShape(2 * config.Points, causal: true));
        _layers = new([.. Enumerable.Range(0, config.Layers).Select(_ => new TransformerBlock(block))]);
        _norm = block.Placement == NormPlacement.Post ? null : block.Norm.Build(block.Width);
        _readOut = Projections.Linear(block.Width, 1, bias: false);
        RegisterComponents();
    }

    public ModelConfig Config => _config;

    public int Dimensions => _config.Dimensions;

    public int Points => _config.Points;

    public Tensor Predict(Tensor inputs, Tensor outputs)
    {
        using var scope = NewDisposeScope();
        var (points, dimensions) = (inputs.shape[1], inputs.shape[2]);
        if (dimensions != Dimensions || points > Points)
        {
            throw new UserError(
                $"{points} points of width {dimensions} do not fit a model of {Points} points of width {Dimensions}",
                mend: "build the model with the data's dimensions and points");
        }

        var x_BTW = _positions.Embed(_readIn.call(Tokens(inputs, outputs).to(_readIn.weight!.dtype)), 0, null);
        var length = 2 * points;
        var context = new AttentionContext
        {
            Mask = new AttentionPattern
            {
                Causal = true,
                Window = _config.Block.Attention.Window,
                Bias = _positions.Bias(length, length, x_BTW.device),
            }.Resolve(length, length, x_BTW),
            Rotation = _positions.Rotate(0, length, x_BTW),
        };
        for (var i = 0; i < _layers.Count; i++)
        {
            x_BTW = _layers[i].call(x_BTW, context, i);
        }

        var atPoints_BKW = x_BTW.unflatten(1, points, 2).select(2, 0);
        return _readOut.call(_norm?.call(atPoints_BKW) ?? atPoints_BKW).squeeze(2).MoveToOuterDisposeScope();
    }

    /// <returns><c>[B, 2K, D + 1]</c></returns>
    private static Tensor Tokens(Tensor x_BKD, Tensor y_BK)
    {
        var points_BKE = nn.functional.pad(x_BKD, [1, 0]);
        var values_BKE = nn.functional.pad(y_BK.unsqueeze(2).to(x_BKD.dtype), [0, x_BKD.shape[2]]);
        return stack([points_BKE, values_BKE], 2).flatten(1, 2);
    }
}
