using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using Heirloom.Models;

namespace Heirloom.Adaptation.Peft;

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
