using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.ParityProbes;

/// <summary>The reference inputs of a folder, by the argument names of the hub's implementations.</summary>
/// <param name="inputs">The file's <c>in.*</c>.</param>
/// <param name="references">The file's <c>out.*</c>, for the lengths of what is generated.</param>
/// <param name="path">For messages.</param>
public sealed class ParityInputs(IReadOnlyDictionary<string, Tensor> inputs, IReadOnlyDictionary<string, Tensor> references, string path)
{
    /// <exception cref="UserError">The file lacks it.</exception>
    public Tensor this[string name] => inputs.TryGetValue(name, out var tensor) ? tensor : throw new UserError($"holds no in.{name}", path);

    /// <summary>Null where the file lacks it.</summary>
    public Tensor? Find(string name) => inputs.GetValueOrDefault(name);

    /// <summary><c>[B, T]</c> bool, true on what is no padding; null without one.</summary>
    public Tensor? Mask => Find("attention_mask")?.to(ScalarType.Bool);

    /// <summary>Ids with whatever goes with them.</summary>
    public TokenInputs Tokens => new(this["input_ids"]) { Mask = Mask, TokenTypes = Find("token_type_ids") };

    /// <summary>Shape of a reference output.</summary>
    public ReadOnlySpan<long> ShapeOf(string reference) => references[reference].shape;
}
