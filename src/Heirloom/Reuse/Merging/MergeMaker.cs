using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Heirloom.Checkpoints;
using Heirloom.Reuse.MergeMethods;
using static TorchSharp.torch;

namespace Heirloom.Reuse.Merging;

/// <summary>Makes tensors of the result out of the models' files; several at once.</summary>
internal sealed class MergeMaker(Seed seed, FloatPool pool)
{
    public Tensor Make(MergeStep step)
    {
        var tensor = empty([.. step.Shape], dtype: step.Type);
        try
        {
            if (step.Method is null)
            {
                Copy(step, tensor);
            }
            else
            {
                Merge(step, step.Method, tensor);
            }

            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    private static void Copy(MergeStep step, Tensor tensor)
    {
        var source = step.Models[0];
        var memory = new byte[source.Entry.Bytes];
        var done = 0;
        source.Model.Visit(source.Tensor, part =>
        {
            part.CopyTo(memory.AsSpan(done));
            done += part.Length;
        });
        var from = 0;
        TensorBytes.Pass(tensor, bytes =>
        {
            memory.AsSpan(from, bytes.Length).CopyTo(bytes);
            from += bytes.Length;
        });
        foreach (var other in step.Models.Skip(1))
        {
            using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            other.Model.Visit(other.Tensor, digest.AppendData);
            if (!digest.GetHashAndReset().AsSpan().SequenceEqual(SHA256.HashData(memory)))
            {
                throw new UserError($"holds other whole numbers in {other.Model.Name} than in {source.Model.Name}", step.Name, "whole numbers and flags cannot be merged");
            }
        }
    }

    private void Merge(MergeStep step, MergeMethod method, Tensor tensor)
    {
        using var memory = new Lender(pool);
        var old = step.Vocabulary is null ? [] : step.OldRows.ToDictionary(m => m.Model, memory.Read);
        var input = new MergeInput
        {
            Name = step.Name,
            Shape = step.Shape,
            Models = [.. step.Models.Select(m => new MergeVersion(Version(m), m.Share))],
            Base = step.Base is { } origin ? Version(origin) : default,
            Seed = seed.For(step.Name),
            Rent = pool.Lend,
        };
        if (step.Type == ScalarType.Float32 && step.OutputBytes <= int.MaxValue)
        {
            // straight into the tensor
            Compute(MemoryMarshal.Cast<byte, float>(tensor.bytes));
            return;
        }

        var result = memory.Lend(step.Elements);
        Compute(result.Span);
        var from = 0;
        TensorBytes.Pass(tensor, bytes =>
        {
            var count = bytes.Length / TensorTypes.Size(step.Type);
            FloatBytes.FromSingle(result.Span.Slice(from, count), step.Type, bytes);
            from += count;
        });

        void Compute(Span<float> merged)
        {
            method.Merge(input, merged);
            if (FloatBytes.HasNonFinite(merged))
            {
                throw new UserError($"merging by {Settings.KindOf(method.GetType())} gives a NaN or an infinite value", step.Name, "check its weights");
            }

            if (MergeMath.Greatest(merged) > TensorTypes.Greatest(step.Type))
            {
                throw new UserError($"a value is greater than {TensorTypes.Name(step.Type)} can hold", step.Name, "store it in another type: dtype: bfloat16 or float32");
            }
        }

        ReadOnlyMemory<float> Version(MergeStepSource source)
        {
            if (step.Vocabulary is not { } vocabulary)
            {
                return memory.Read(source);
            }

            var rows = memory.Lend(step.Elements);
            vocabulary.Fill(source.Model, [.. step.Models.Select(m => m.Model), .. step.Base is { } start ? [start.Model] : Array.Empty<MergeModel>()], old, step.Elements / vocabulary.Rows, rows.Span);
            return rows.Memory;
        }
    }

    /// <summary>Memory that is given back together.</summary>
    private sealed class Lender(FloatPool pool) : IDisposable
    {
        private readonly List<FloatPool.Loan> _lent = [];

        public FloatPool.Loan Lend(int length)
        {
            var values = pool.Lend(length);
            _lent.Add(values);
            return values;
        }

        public ReadOnlyMemory<float> Read(MergeStepSource source)
        {
            var values = Lend((int)source.Entry.Count);
            source.Model.Read(source.Tensor, values.Span);
            return values.Memory;
        }

        public void Dispose() => _lent.ForEach(v => v.Dispose());
    }
}
