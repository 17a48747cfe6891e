using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using Heirloom.Models;

namespace Heirloom.Adaptation.Peft;

/// <summary>Learned vectors before the input (Lester et al. 2021).</summary>
[Kind("prompt_tuning")]
public sealed record PromptTuningConfig : AdapterConfig
{
    /// <summary>Vectors, p.</summary>
    [Range(1, 100_000)]
    public int Tokens { get; init; } = 8;

    public override PromptTuning Build(IModel model, Seed seed) => new(this, model, seed);

    internal override string PeftType => "PROMPT_TUNING";

    internal override PromptTuningConfig Read(PeftJson json)
    {
        PromptKeys.Read(json);
        json.Ignore("prompt_tuning_init", "prompt_tuning_init_text", "tokenizer_name_or_path", "tokenizer_kwargs");
        return new() { Tokens = json.Size("num_virtual_tokens", max: 100_000) };
    }

    internal override void Write(JsonObject json, HubModules modules, IModel model)
    {
        PromptKeys.Write(json, model, Tokens);
        json["prompt_tuning_init"] ??= "RANDOM";
        json["prompt_tuning_init_text"] ??= null;
        json["tokenizer_name_or_path"] ??= null;
    }
}
