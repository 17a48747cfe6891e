using System.Collections.Immutable;
using Heirloom.Checkpoints.Hub;
using Heirloom.Models.Text;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Adaptation.Peft;

/// <summary>What a module of the hub's computes, as far as adapters care.</summary>
public enum HubModuleKind
{
    /// <summary>A matrix product.</summary>
    Linear,

    /// <summary>A table of vectors.</summary>
    Embedding,

    /// <summary>Anything else: adapters may store a changed copy of it, and put nothing beside it.</summary>
    Other,
}

/// <summary>
/// A module as the hub's files name it (<c>transformer.h.0.attn.c_attn</c>), and the modules of ours that it is made of: one, or several where the
/// hub keeps them in one matrix.
/// </summary>
/// <param name="Name">The hub's name, with the full model's prefix.</param>
/// <param name="Kind">What it computes.</param>
/// <param name="Pieces">Ours, each with its rows of the hub's outputs.</param>
/// <param name="Transposed">Whether the hub keeps the matrix as <c>[inputs, outputs]</c>.</param>
public sealed record HubModule(string Name, HubModuleKind Kind, ImmutableArray<HubPiece> Pieces, bool Transposed)
{
    /// <summary>Width of what a linear module reads; entries of a table.</summary>
    public long Inputs => Pieces[0].Weight.shape[Kind == HubModuleKind.Embedding ? 0 : 1];

    /// <summary>Width of what it gives.</summary>
    public long Outputs => Kind == HubModuleKind.Embedding ? Pieces[0].Weight.shape[1] : Pieces.Sum(p => p.Weight.shape[0]);

    /// <summary>The module of a tensor's rule; null where it has no weight of its own.</summary>
    internal static HubModule? Of(KeyRule rule, IReadOnlyDictionary<string, nn.Module> modules)
    {
        const string weight = ".weight";
        if (!rule.Hub.EndsWith(weight, StringComparison.Ordinal) || rule.Ours.Any(o => !o.Name.EndsWith(weight, StringComparison.Ordinal) || !modules.ContainsKey(o.Name[..^weight.Length])))
        {
            return null;
        }

        var name = rule.Hub[..^weight.Length];
        var ours = rule.Ours.Select(o => (Name: o.Name[..^weight.Length], o.Shape)).ToList();
        var linear = ours.All(o => modules[o.Name] is Linear or VocabularyHead) && ours.All(o => o.Shape.Length == 2 && o.Shape[1] == ours[0].Shape[1]);
        if (linear && HubRows.Of(rule) is var (rows, transposed))
        {
            return new(name, HubModuleKind.Linear, [.. ours.Zip(rows, (o, r) => new HubPiece(o.Name, modules[o.Name], r))], transposed);
        }

        var kind = ours is [var only] && modules[only.Name] is Embedding && rule.Transform is Renamed ? HubModuleKind.Embedding : HubModuleKind.Other;
        return new(name, kind, [.. ours.Select(o => new HubPiece(o.Name, modules[o.Name], new([])))], Transposed: false);
    }
}

/// <summary>One of our modules within one of the hub's.</summary>
/// <param name="Name">Its name in our model.</param>
/// <param name="Module">It.</param>
/// <param name="Rows">Which of the hub's outputs are its own.</param>
public sealed record HubPiece(string Name, nn.Module Module, HubRows Rows)
{
    /// <summary><c>[outputs, inputs]</c> of a linear layer, <c>[entries, width]</c> of a table.</summary>
    public Tensor Weight => Module.get_parameter("weight")!;

    public Tensor? Bias => Module.named_parameters(recurse: false).FirstOrDefault(p => p.name == "bias").parameter;
}

/// <summary>The outputs of a fused matrix that belong to one of ours, in our order.</summary>
public sealed class HubRows
{
    private readonly long[] _rows;
    private readonly bool _contiguous;

    internal HubRows(long[] rows)
    {
        _rows = rows;
        _contiguous = rows.Index().All(r => r.Item == rows[0] + r.Index);
    }

    /// <summary>Takes them from a tensor whose first dimension is the hub's outputs.</summary>
    public Tensor Take(Tensor outputs)
    {
        if (_rows.Length == 0 || (_contiguous && _rows.Length == outputs.shape[0]))
        {
            return outputs;
        }

        return _contiguous ? outputs.narrow(0, _rows[0], _rows.Length) : outputs.index_select(0, tensor(_rows, device: outputs.device));
    }

    /// <summary>Writes them into a tensor whose first dimension is the hub's outputs.</summary>
    public void Put(Tensor outputs, Tensor own)
    {
        using var scope = NewDisposeScope();
        outputs.index_copy_(0, tensor(_rows, device: outputs.device), own);
    }

    /// <summary>
    /// Follows the outputs of a hub matrix into ours by sending their numbers through the rule's own transform, so that any arrangement that moves whole
    /// outputs is understood; null where it does something else.
    /// </summary>
    internal static (IReadOnlyList<HubRows> Rows, bool Transposed)? Of(KeyRule rule)
    {
        // two inputs are enough to tell outputs from inputs, and small where real matrices are not
        using var scope = NewDisposeScope();
        var slim = rule.Ours.Select(o => ImmutableArray.Create(o.Shape[0], 2)).ToList();
        var hub = rule.Transform.Shape(slim);
        if (hub.Length != 2)
        {
            return null;
        }

        var parts = rule.Transform.Split(arange(hub[0] * hub[1]).view(hub[0], hub[1]), slim).Select(p => p.contiguous().data<long>().ToArray()).ToList();
        var transposed = parts[0][1] - parts[0][0] != 1;
        var rows = new List<HubRows>();
        foreach (var part in parts)
        {
            var outputs = new long[part.Length / 2];
            for (var i = 0; i < outputs.Length; i++)
            {
                var (first, second) = (part[2 * i], part[(2 * i) + 1]);
                outputs[i] = transposed ? first % hub[1] : first / hub[1];
                if (transposed ? first / hub[1] != 0 || second != first + hub[1] : first % hub[1] != 0 || second != first + 1)
                {
                    return null;
                }
            }

            rows.Add(new(outputs));
        }

        return (rows, transposed);
    }
}
