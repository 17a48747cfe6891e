using Heirloom.Layers;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Peft;

/// <summary>The factors beside one of the hub's modules.</summary>
internal sealed class LoraSite : nn.Module
{
    private readonly Scalar _scale;
    private readonly double _dropout;

    [ComponentName(Name = "a")]
    private readonly Parameter _a;

    [ComponentName(Name = "b")]
    private readonly Parameter _b;

    [ComponentName(Name = "bias")]
    private readonly Parameter? _bias;

    [ComponentName(Name = "magnitude")]
    private readonly Parameter? _magnitude;

    /// <exception cref="UserError">The module can have no factors beside it.</exception>
    public LoraSite(HubModule module, LoraConfig config, Seed seed) : base(nameof(LoraSite))
    {
        if (module.Kind == HubModuleKind.Other)
        {
            throw new UserError("is neither a linear layer nor an embedding, and only those have low-rank changes", module.Name, "leave it out of target_modules, or name it in modules_to_save");
        }

        if (config.FactorBias && module.Kind == HubModuleKind.Embedding)
        {
            throw new UserError("is an embedding, whose factors have no bias", module.Name, "leave it out, or set factor_bias to false");
        }

        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var rank = config.RankOf(module.Name);
        Module = module;
        _scale = config.ScaleOf(module.Name);
        _dropout = config.Dropout;
        _a = ModuleWeight.Of(zeros(rank, module.Inputs));
        _b = ModuleWeight.Of(zeros(module.Outputs, rank));
        _bias = config.FactorBias ? ModuleWeight.Of(zeros(module.Outputs)) : null;
        Start(config.Initialization, rank, seed);
        _magnitude = config.Dora ? ModuleWeight.Of(Magnitude()) : null;
        RegisterComponents();
    }

    public HubModule Module { get; }

    private bool IsEmbedding => Module.Kind == HubModuleKind.Embedding;

    /// <summary>The output of one of the module's pieces with the factors' part.</summary>
    /// <param name="piece">It.</param>
    /// <param name="x"><c>[…, inputs]</c>, or ids.</param>
    /// <param name="y"><c>[…, outputs]</c>: what it gave.</param>
    public Tensor Apply(HubPiece piece, Tensor x, Tensor y)
    {
        using var scope = NewDisposeScope();
        return (IsEmbedding ? Embedded(piece, x, y) : Projected(piece, x, y)).to(y.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>The weights of a piece with the factors' part in them: <c>weight</c>, and <c>bias</c> where that changes.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Merged(HubPiece piece)
    {
        var weight = Adapter.Wide(piece.Weight);
        var changed = weight.add(Change(piece).to(weight.dtype), KeptScalar.One);
        if (_magnitude is not null)
        {
            changed = changed.mul(Factor(piece, changed));
        }

        yield return new("weight", changed);
        if (_bias is not null)
        {
            yield return new("bias", Adapter.Wide(piece.Bias!).add(piece.Rows.Take(_bias).mul(_scale), KeptScalar.One));
        }
    }

    /// <summary>Under the names of the PEFT layout.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Tensors()
    {
        yield return new(Module.Name + (IsEmbedding ? ".lora_embedding_A" : ".lora_A.weight"), _a);
        yield return new(Module.Name + (IsEmbedding ? ".lora_embedding_B" : ".lora_B.weight"), _b);
        if (_bias is not null)
        {
            yield return new($"{Module.Name}.lora_B.bias", _bias);
        }

        if (_magnitude is not null)
        {
            yield return new($"{Module.Name}.lora_magnitude_vector", _magnitude);
        }
    }

    private Tensor Projected(HubPiece piece, Tensor x, Tensor y)
    {
        var drops = piece.Module.training && _dropout > 0;
        var read = Dropping.Apply(x.to(_a.dtype), _dropout, piece.Module.training);
        var added = nn.functional.linear(nn.functional.linear(read, _a), piece.Rows.Take(_b), _bias is null ? null : piece.Rows.Take(_bias)).mul(_scale);
        if (_magnitude is null)
        {
            return y.add(added.to(y.dtype), KeptScalar.One);
        }

        // equation 11 of the paper: the norm is a constant to the gradient
        Tensor factor;
        using (no_grad())
        {
            factor = Norms(Adapter.Wide(piece.Weight).add(Change(piece), KeptScalar.One), 1);
        }

        factor = piece.Rows.Take(_magnitude).div(factor);
        var plain = drops ? nn.functional.linear(read, piece.Weight.to(read.dtype)) : piece.Bias is { } bias ? y.sub(bias) : y;
        return y.add(factor.sub(KeptScalar.One).mul(plain), KeptScalar.One).add(factor.mul(added), KeptScalar.One);
    }

    private Tensor Embedded(HubPiece piece, Tensor ids, Tensor y)
    {
        var added = nn.functional.linear(_a.index_select(1, ids.flatten()).t(), _b).mul(_scale).view_as(y);
        if (_magnitude is null)
        {
            return y.add(added.to(y.dtype), KeptScalar.One);
        }

        Tensor norms;
        using (no_grad())
        {
            norms = Norms(Adapter.Wide(piece.Weight).add(Change(piece), KeptScalar.One), 0);
        }

        return y.add(added, KeptScalar.One).mul(_magnitude.div(norms));
    }

    /// <summary><c>s·BA</c> in the shape of a piece's weight.</summary>
    private Tensor Change(HubPiece piece) => IsEmbedding ? _b.matmul(_a).t().mul(_scale) : piece.Rows.Take(_b).matmul(_a).mul(_scale);

    private Tensor Factor(HubPiece piece, Tensor changed) => IsEmbedding
        ? _magnitude!.div(Norms(changed, 0))
        : piece.Rows.Take(_magnitude!).div(Norms(changed, 1)).unsqueeze(1);

    /// <summary>Norms of the module's changed weights, one an output, in the hub's order: where the magnitude starts.</summary>
    private Tensor Magnitude()
    {
        if (IsEmbedding)
        {
            return Norms(Adapter.Wide(Module.Pieces[0].Weight).add(Change(Module.Pieces[0]), KeptScalar.One), 0).to(ScalarType.Float32);
        }

        var norms = zeros(Module.Outputs, device: Module.Pieces[0].Weight.device);
        foreach (var piece in Module.Pieces)
        {
            piece.Rows.Put(norms, Norms(Adapter.Wide(piece.Weight).add(Change(piece), KeptScalar.One), 1).to(ScalarType.Float32));
        }

        return norms;
    }

    private void Start(LoraInitialization initialization, int rank, Seed seed)
    {
        using var forA = seed.For("a").Generator();
        using var forB = seed.For("b").Generator();
        if (IsEmbedding)
        {
            // the other way round: A is read by ids, B is what starts as an embedding does
            _b.normal_(0, 1, forB);
            if (initialization == LoraInitialization.Random)
            {
                _a.normal_(0, 0.02, forA);
            }

            return;
        }

        var bound = 1 / Math.Sqrt(Module.Inputs);
        _ = initialization == LoraInitialization.Gaussian ? _a.normal_(0, 1.0 / rank, forA) : _a.uniform_(-bound, bound, forA);
        if (initialization == LoraInitialization.Random)
        {
            _b.normal_(0, 1 / Math.Sqrt(rank), forB);
        }
    }

    private static Tensor Norms(Tensor weight, int dimension) => weight.norm(dimension, keepdim: false, p: 2f);
}
