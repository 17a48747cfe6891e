using System.Text.Json.Nodes;
using Heirloom.Models;

namespace Heirloom.Adaptation.Peft;

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
