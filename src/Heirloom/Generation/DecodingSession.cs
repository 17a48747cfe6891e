using Heirloom.Generation.Cpu;
using Heirloom.Models;
using Heirloom.Models.Text;

namespace Heirloom.Generation;

/// <summary>By which code a model computes when it writes.</summary>
public enum DecodingEngine
{
    /// <summary>Kernels where they cover the model, else the tensor library.</summary>
    Auto,

    /// <summary>The tensor library, which computes every model on every device.</summary>
    Torch,

    /// <summary>Kernels of our own for decoders on the CPU.</summary>
    Kernels,
}

/// <summary>Opens sessions.</summary>
public static class DecodingSession
{
    /// <summary>A session by the engine that is asked for.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="prompts">At least one, none empty.</param>
    /// <param name="maxTokens">So many will be asked for, at least one.</param>
    /// <param name="engine">Which code computes.</param>
    /// <exception cref="UserError">
    /// An empty prompt, one longer than the context, a token outside the vocabulary; fewer than one token; kernels were asked for and do not cover the model.
    /// </exception>
    public static IDecodingSession Open(ICausalLM model, IReadOnlyList<IReadOnlyList<int>> prompts, int maxTokens, DecodingEngine engine = DecodingEngine.Auto)
    {
        Check(model, prompts);
        if (maxTokens < 1)
        {
            throw new UserError($"{maxTokens} tokens are asked for", "max_tokens", "ask for at least one");
        }

        return Choose(model, engine) == DecodingEngine.Kernels
            ? new CpuDecodingSession((Decoder)model, prompts, maxTokens)
            : new TorchDecodingSession(model, prompts, maxTokens);
    }

    /// <summary>The engine that computes a model.</summary>
    /// <exception cref="UserError">Kernels were asked for and do not cover the model.</exception>
    public static DecodingEngine Choose(ICausalLM model, DecodingEngine engine = DecodingEngine.Auto) =>
        engine == DecodingEngine.Torch ? engine
        : DecoderCoverage.Gap(model) is not { } gap ? DecodingEngine.Kernels
        : engine == DecodingEngine.Auto ? DecodingEngine.Torch
        : throw new UserError($"the kernels do not cover this model: {gap}", "engine", "choose auto or torch");

    /// <summary>Refuses prompts that cannot be read.</summary>
    /// <exception cref="UserError">An empty prompt, one longer than the context, a token outside the vocabulary.</exception>
    internal static void Check(ICausalLM model, IReadOnlyList<IReadOnlyList<int>> prompts)
    {
        if (prompts.Count == 0)
        {
            throw new UserError("there is no prompt");
        }

        for (var i = 0; i < prompts.Count; i++)
        {
            var where = prompts.Count == 1 ? "prompt" : $"prompt {i + 1}";
            if (prompts[i].Count == 0)
            {
                throw new UserError("it has no tokens", where, "give at least one, such as the tokenizer's start token");
            }

            if (prompts[i].Count > model.ContextLength)
            {
                throw new UserError($"its {prompts[i].Count} tokens do not fit the model's context of {model.ContextLength}", where, "shorten it");
            }

            if (prompts[i].FirstOrDefault(id => id < 0 || id >= model.VocabularySize, defaultValue: 0) is var id and not 0)
            {
                throw new UserError($"token {id} is outside the model's vocabulary of {model.VocabularySize}", where, "use the tokenizer that belongs to the model");
            }
        }
    }
}
