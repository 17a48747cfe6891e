using Heirloom.Models;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints;

/// <summary>One output against its reference.</summary>
/// <param name="Name">Name in the file, without <c>out.</c></param>
/// <param name="Difference">Largest absolute difference; NaN where a value is not a number.</param>
public sealed record ParityOutput(string Name, double Difference);

/// <summary>
/// Compares a model folder with another implementation's outputs: <c>io.safetensors</c> in it holds inputs (<c>in.*</c>) and what that implementation made of them
/// (<c>out.*</c>), dropout off.
/// </summary>
public static class Parity
{
    public const string FileName = "io.safetensors";

    /// <summary>Runs the model of a folder on its reference inputs.</summary>
    /// <exception cref="UserError">The folder or its references are missing or of a kind that is not known.</exception>
    public static IReadOnlyList<ParityOutput> Run(string folder, LoadOptions? options = null)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        // the configuration first: a family that is not known yet is the better message
        Checkpoint.ReadConfig(folder);
        var path = Path.Combine(folder, FileName);
        using var file = Safetensors.Open(path);
        var loaded = Checkpoint.Load(folder, options);
        var inputs = Named(file, "in.", path);
        var references = Named(file, "out.", path);
        var outputs = Outputs(loaded.Model, inputs, references, path);
        return [.. references.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new ParityOutput(pair.Key, outputs.TryGetValue(pair.Key, out var make)
            ? Difference(make(), pair.Value, $"{path}: out.{pair.Key}")
            : throw new UserError($"'{pair.Key}' is no output of a {loaded.Model.GetType().Name}", path, UserError.Nearest(pair.Key, outputs.Keys))))];
    }

    private static Dictionary<string, Func<Tensor>> Outputs(IModel model, Dictionary<string, Tensor> inputs, Dictionary<string, Tensor> references, string path)
    {
        Tensor Required(string name) => inputs.TryGetValue(name, out var tensor) ? tensor : throw new UserError($"holds no in.{name}", path);
        var mask = inputs.GetValueOrDefault("attention_mask")?.to(ScalarType.Bool);
        switch (model)
        {
            case ILanguageModel language:
            {
                var ids = Required("input_ids");
                var logits = new Lazy<Tensor>(() => language.Head(language.Encode(new(ids) { Mask = mask, TokenTypes = inputs.GetValueOrDefault("token_type_ids") })));
                var outputs = new Dictionary<string, Func<Tensor>> { ["logits"] = () => logits.Value };
                if (language is ICausalLM causal)
                {
                    outputs["loss"] = () => CrossEntropy(logits.Value.narrow(1, 0, ids.shape[1] - 1), ids.narrow(1, 1, ids.shape[1] - 1));
                    outputs["greedy"] = () => Greedy(causal, ids, references["greedy"].shape[1]);
                }

                return outputs;
            }

            case ISequenceToSequenceLM seq2seq:
            {
                var memory = new Lazy<Tensor>(() => seq2seq.EncodeSource(Required("input_ids"), mask));
                var logits = new Lazy<Tensor>(() => seq2seq.Head(seq2seq.Decode(ShiftRight(Required("labels"), seq2seq.DecoderStart), memory.Value, mask)));
                return new() { ["encoder"] = () => memory.Value, ["logits"] = () => logits.Value, ["loss"] = () => CrossEntropy(logits.Value, Required("labels")) };
            }

            case IClassifier<TokenInputs> classifier:
                return new() { ["logits"] = () => classifier.Classify(new(Required("input_ids")) { Mask = mask, TokenTypes = inputs.GetValueOrDefault("token_type_ids") }) };
            case IClassifier<Tensor> classifier:
                return new() { ["logits"] = () => classifier.Classify(Required("pixel_values")) };
            default:
                throw new UserError($"no way is known to compare a {model.GetType().Name}", path);
        }
    }

    /// <summary>The most likely continuation of the first five tokens, through the cache.</summary>
    private static Tensor Greedy(ICausalLM model, Tensor ids, long length)
    {
        const int prompt = 5;
        var text = ids.narrow(1, 0, prompt);
        using var cache = model.NewCache((int)ids.shape[0], (int)length);
        var next = text;
        while (text.shape[1] < length)
        {
            var hidden = model.Encode(next, cache);
            next = model.Head(hidden.narrow(1, hidden.shape[1] - 1, 1)).argmax(-1);
            text = cat([text, next], 1);
        }

        return text;
    }

    private static Tensor ShiftRight(Tensor labels, int start)
    {
        var first = full([labels.shape[0], 1], start, dtype: ScalarType.Int64);
        // labels that no loss counts are padding to the decoder
        return cat([first, labels.narrow(1, 0, labels.shape[1] - 1).masked_fill(labels.narrow(1, 0, labels.shape[1] - 1).eq(-100), start)], 1);
    }

    private static Tensor CrossEntropy(Tensor logits, Tensor labels) =>
        nn.functional.cross_entropy(logits.reshape(-1, logits.shape[^1]), labels.reshape(-1), ignore_index: -100).view(1);

    private static double Difference(Tensor output, Tensor reference, string where) =>
        !output.shape.AsSpan().SequenceEqual(reference.shape)
            ? throw new UserError($"is {TensorTypes.Text(reference.shape)}, and the model gives {TensorTypes.Text(output.shape)}", where)
            : output.to(ScalarType.Float64).sub(reference.to(ScalarType.Float64)).abs().max().item<double>();

    private static Dictionary<string, Tensor> Named(SafetensorsFile file, string prefix, string path)
    {
        var named = file.Entries.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(name => name[prefix.Length..], file.Read);
        return named.Count > 0 ? named : throw new UserError($"holds no {prefix}*", path, "it has to hold inputs in.* and reference outputs out.*");
    }
}
