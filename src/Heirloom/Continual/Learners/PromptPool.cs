using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Continual.Learners;

/// <summary>Prompts with keys; a query takes those whose keys are nearest to it by cosine.</summary>
/// <remarks>Wang et al. 2022, "Learning to Prompt for Continual Learning", equations 2 to 4.</remarks>
public sealed class PromptPool : nn.Module
{
    [ComponentName(Name = "keys")]
    private readonly Parameter _keys_MD;

    [ComponentName(Name = "prompts")]
    private readonly Parameter _prompts_MPD;

    /// <param name="size">Prompts, M.</param>
    /// <param name="length">Tokens of each, L_p.</param>
    /// <param name="width">Of tokens and of queries, D.</param>
    /// <param name="seed">Prompts start uniform on 0 … 0.01, keys on −1 … 1.</param>
    public PromptPool(int size, int length, int width, Seed seed) : base(nameof(PromptPool))
    {
        _keys_MD = new(zeros(size, width));
        _prompts_MPD = new(zeros(size, length, width));
        using var quiet = no_grad();
        using var keys = seed.For("keys").Generator();
        using var prompts = seed.For("prompts").Generator();
        _keys_MD.uniform_(-1, 1, keys);
        _prompts_MPD.uniform_(0, 0.01, prompts);
        RegisterComponents();
    }

    /// <summary>Looks up the prompts of each query.</summary>
    /// <param name="query_BD"><c>[B, D]</c>; no gradient flows to it.</param>
    /// <param name="count">How many prompts each takes, N ≤ M.</param>
    /// <returns>Prompts <c>[B, N · L_p, D]</c>, and the pull: the mean over queries of the sum of cosines to the keys taken.</returns>
    public (Tensor Prompts, Tensor Pull) Select(Tensor query_BD, int count)
    {
        using var scope = NewDisposeScope();
        var cosines_BM = nn.functional.normalize(query_BD.detach(), dim: 1).matmul(nn.functional.normalize(_keys_MD, dim: 1).T);
        var (nearest_BN, index_BN) = cosines_BM.topk(count, 1);
        var prompts = _prompts_MPD.index_select(0, index_BN.flatten()).view(query_BD.shape[0], -1, query_BD.shape[1]);
        return (prompts.MoveToOuterDisposeScope(), nearest_BN.sum(1).mean().MoveToOuterDisposeScope());
    }
}
