using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Generation;

/// <summary>While it lives, its thread computes no gradients and a model is in evaluation mode.</summary>
internal sealed class EvaluationMode : IDisposable
{
    private readonly IModel _model;
    private readonly IDisposable _frozen;
    private readonly bool _wasTraining;

    public EvaluationMode(IModel model)
    {
        _model = model;
        _wasTraining = model.Module.training;
        _frozen = no_grad();
        if (_wasTraining)
        {
            model.Module.eval();
        }
    }

    public void Dispose()
    {
        _frozen.Dispose();
        if (_wasTraining)
        {
            _model.Module.train();
        }
    }
}
