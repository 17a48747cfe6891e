using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Continual.Learners;

/// <summary>The trained parts of <see cref="DualPrompt"/>.</summary>
internal sealed class DualPrompts : nn.Module
{
    private readonly DualPromptConfig _config;
    private readonly int _width;
    private readonly Seed _seed;

    [ComponentName(Name = "general")]
    private readonly Parameter _general_1L2PD;

    [ComponentName(Name = "experts")]
    private readonly ParameterList _experts = [];

    [ComponentName(Name = "keys")]
    private readonly ParameterList _keys = [];

    public DualPrompts(DualPromptConfig config, int width, Seed seed) : base(nameof(DualPrompts))
    {
        (_config, _width, _seed) = (config, width, seed);
        _general_1L2PD = Uniform("general", 0, 0.01, 1, config.GeneralLayers.Length, 2, config.GeneralLength, width);
        RegisterComponents();
    }

    /// <summary><c>[1, layers, 2, P, D]</c></summary>
    public Tensor General => _general_1L2PD;

    /// <summary>A key and a prompt for a new task, on a device.</summary>
    public void Grow(Device device)
    {
        var task = _experts.Count;
        _experts.Add(Uniform($"expert/{task}", 0, 0.01, 1, _config.ExpertLayers.Length, 2, _config.ExpertLength, _width));
        _keys.Add(Uniform($"key/{task}", -1, 1, _width));
        this.to(device);
    }

    /// <returns><c>[1, layers, 2, P, D]</c></returns>
    public Tensor Expert(int task) => _experts[task];

    /// <returns><c>[B, layers, 2, P, D]</c> for tasks <c>[B]</c>.</returns>
    public Tensor Experts(Tensor tasks_B)
    {
        using var scope = NewDisposeScope();
        return cat([.. _experts], 0).index_select(0, tasks_B).MoveToOuterDisposeScope();
    }

    /// <returns><c>[B, tasks]</c> cosines of queries and keys.</returns>
    public Tensor Similarities(Tensor query_BD)
    {
        using var scope = NewDisposeScope();
        var keys_TD = nn.functional.normalize(stack([.. _keys]), dim: 1);
        return nn.functional.normalize(query_BD, dim: 1).matmul(keys_TD.T).MoveToOuterDisposeScope();
    }

    private Parameter Uniform(string name, double low, double high, params long[] shape)
    {
        using var generator = _seed.For(name).Generator();
        var parameter = new Parameter(zeros(shape));
        using var quiet = no_grad();
        parameter.uniform_(low, high, generator);
        return parameter;
    }
}
