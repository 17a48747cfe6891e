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

/// <summary>Learned keys and values before those of every attention layer (Li and Liang 2021).</summary>
[Kind("prefix_tuning")]
public sealed record PrefixTuningConfig : AdapterConfig
{
    /// <summary>Positions, p.</summary>
    [Range(1, 100_000)]
    public int Tokens { get; init; } = 8;

    /// <summary>Hidden width of the network that makes them while they are trained; null to train them directly. What is saved is what it makes.</summary>
    [Range(1, 1 << 20)]
    public int? Projection { get; init; }

    public override PrefixTuning Build(IModel model, Seed seed) => new(this, model, seed);

    internal override string PeftType => "PREFIX_TUNING";

    internal override PrefixTuningConfig Read(PeftJson json)
    {
        PromptKeys.Read(json);
        json.Ignore("prefix_projection", "encoder_hidden_size", "init_weights");
        return new() { Tokens = json.Size("num_virtual_tokens", max: 100_000) };
    }

    internal override void Write(JsonObject json, HubModules modules, IModel model)
    {
        PromptKeys.Write(json, model, Tokens);
        var (layers, heads, width) = PrefixTuning.Shape(model);
        json["num_layers"] = layers;
        json["num_attention_heads"] = heads;
        json["token_dim"] = heads * width;

        // the network that made them is not saved, as the layout has it: they are read as they are
        json["prefix_projection"] = Projection is not null || json["prefix_projection"]?.GetValueKind() == System.Text.Json.JsonValueKind.True;
        json["encoder_hidden_size"] = Projection ?? json["encoder_hidden_size"]?.DeepClone();
    }
}

/// <summary>What the layout says of both kinds.</summary>
internal static class PromptKeys
{
    public static void Read(PeftJson json)
    {
        json.Refuse("modules_to_save");
        json.Ignore("token_dim", "num_transformer_submodules", "num_attention_heads", "num_layers");
    }

    public static void Write(JsonObject json, IModel model, int tokens)
    {
        json["num_virtual_tokens"] = tokens;
        json["token_dim"] = model is ITokenEncoder encoder ? encoder.Width : null;
        json["num_transformer_submodules"] = 1;
    }
}
