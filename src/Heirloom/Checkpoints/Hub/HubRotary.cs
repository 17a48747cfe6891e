using System.Text.Json.Nodes;
using Heirloom.Layers;

namespace Heirloom.Checkpoints.Hub;

/// <summary>
/// Rotary positions as families on the hub write them: newer files in <c>rope_parameters</c>, older ones as a base and a fraction among the model's own keys and
/// <c>rope_scaling</c>, whose <c>rope_type</c> was <c>type</c> once.
/// </summary>
internal static class HubRotary
{
    private const string Type = "rope_type", OldType = "type", Factor = "factor", Original = "original_max_position_embeddings";

    /// <summary>What a family called its older keys.</summary>
    /// <param name="Base">Key of the base.</param>
    /// <param name="Fraction">Key of the rotated share of a head.</param>
    /// <param name="DefaultFraction">Where neither the older key nor the newer is there.</param>
    public sealed record Keys(string Base = "rope_theta", string Fraction = "partial_rotary_factor", double DefaultFraction = 1)
    {
        public static Keys Common { get; } = new();
    }

    /// <summary>Reads positions and the longest sequence.</summary>
    /// <param name="config">The file.</param>
    /// <param name="length">What it says in <c>max_position_embeddings</c>.</param>
    /// <param name="keys">The family's older keys; null for the common ones.</param>
    /// <exception cref="UserError">A scaling that is not known, or one of its numbers is missing.</exception>
    public static (RotaryPositionsConfig Positions, int ContextLength) Read(HubConfig config, int length, Keys? keys = null)
    {
        keys ??= Keys.Common;
        var parameters = config.Object("rope_parameters");
        double Number(string key, string older, double otherwise, double min, double max) =>
            parameters?.Has(key) == true ? parameters.Number(key, otherwise, min, max) : config.Number(older, otherwise, min, max);
        var (scaling, context) = Scaling(config, parameters ?? config.Object("rope_scaling"), length);
        return (new()
        {
            Base = Number("rope_theta", keys.Base, 10000, 1, 1e12),
            Fraction = Number("partial_rotary_factor", keys.Fraction, keys.DefaultFraction, 0.01, 1),
            Scaling = scaling,
        }, context);
    }

    /// <summary>Writes both spellings, for readers older and newer than the change, and <c>max_position_embeddings</c>.</summary>
    /// <param name="json">The configuration being written.</param>
    /// <param name="positions">The positions.</param>
    /// <param name="contextLength">Longest sequence.</param>
    /// <param name="keys">The family's older keys; null for the common ones.</param>
    public static void Write(JsonObject json, RotaryPositionsConfig positions, int contextLength, Keys? keys = null)
    {
        keys ??= Keys.Common;
        json["max_position_embeddings"] = positions.Scaling is DynamicRotaryScalingConfig dynamic ? dynamic.OriginalLength : contextLength;
        json[keys.Base] = positions.Base;
        if (positions.Fraction != keys.DefaultFraction)
        {
            json[keys.Fraction] = positions.Fraction;
        }

        var scaling = Written(positions.Scaling);
        if (scaling is not null)
        {
            json["rope_scaling"] = scaling.DeepClone();
        }

        var parameters = scaling ?? new JsonObject { [Type] = "default" };
        parameters["rope_theta"] = positions.Base;
        if (positions.Fraction != 1)
        {
            parameters["partial_rotary_factor"] = positions.Fraction;
        }

        json["rope_parameters"] = parameters;
    }

    private static (RotaryScalingConfig? Scaling, int ContextLength) Scaling(HubConfig config, HubConfig? from, int length)
    {
        if (from is null)
        {
            return (null, length);
        }

        from.Only(Type, "default", "linear", "dynamic", "llama3", "yarn");
        from.Only(OldType, "default", "linear", "dynamic", "llama3", "yarn");
        var type = from.Text(Type, from.Text(OldType, "default"));
        if (type == "default")
        {
            return (null, length);
        }

        var factor = Required(from, Factor, 1, 1e6);
        // what a file without it means by its maximum is the length of pretraining
        var known = from.SizeOrNull(Original) ?? config.SizeOrNull(Original);
        var (original, longer) = (known ?? length, known is null ? (int)Math.Min(int.MaxValue, length * factor) : length);
        return type switch
        {
            "linear" => (new LinearRotaryScalingConfig { Factor = factor }, length),
            "dynamic" => (new DynamicRotaryScalingConfig { Factor = factor, OriginalLength = length }, (int)Math.Min(int.MaxValue, length * factor)),
            "llama3" => (new Llama3RotaryScalingConfig
            {
                Factor = factor,
                OriginalLength = original,
                LowFrequencyFactor = Required(from, "low_freq_factor", 1e-6, 1e6),
                HighFrequencyFactor = Required(from, "high_freq_factor", 1e-6, 1e6),
            }, length),
            _ => (new YarnRotaryScalingConfig
            {
                Factor = factor,
                OriginalLength = original,
                AttentionFactor = AttentionFactor(from, factor),
                BetaFast = from.Number("beta_fast", 32, 1e-6, 1e6),
                BetaSlow = from.Number("beta_slow", 1, 1e-6, 1e6),
                Truncate = from.Flag("truncate", true),
            }, longer),
        };
    }

    private static double Required(HubConfig from, string key, double min, double max) =>
        from.Has(key) ? from.Number(key, min, min, max) : throw new UserError($"lacks '{key}'", from.File, "its type of scaling needs it");

    /// <summary>DeepSeek's files say it by two scales instead.</summary>
    private static double? AttentionFactor(HubConfig from, double factor)
    {
        if (from.Has("attention_factor"))
        {
            return Required(from, "attention_factor", 1e-6, 1e6);
        }

        static double Scale(double factor, double scale) => factor <= 1 ? 1 : (0.1 * scale * Math.Log(factor)) + 1;
        return from.Has("mscale") && from.Has("mscale_all_dim")
            ? Scale(factor, from.Number("mscale", 1, 0, 1e6)) / Scale(factor, from.Number("mscale_all_dim", 1, 0, 1e6))
            : null;
    }

    private static JsonObject? Written(RotaryScalingConfig? scaling)
    {
        if (scaling is null)
        {
            return null;
        }

        var json = new JsonObject { [Factor] = scaling.Factor };
        switch (scaling)
        {
            case LinearRotaryScalingConfig:
                json[Type] = "linear";
                break;
            case DynamicRotaryScalingConfig:
                json[Type] = "dynamic";
                break;
            case Llama3RotaryScalingConfig llama3:
                json[Type] = "llama3";
                json[Original] = llama3.OriginalLength;
                json["low_freq_factor"] = llama3.LowFrequencyFactor;
                json["high_freq_factor"] = llama3.HighFrequencyFactor;
                break;
            case YarnRotaryScalingConfig yarn:
                json[Type] = "yarn";
                json[Original] = yarn.OriginalLength;
                json["beta_fast"] = yarn.BetaFast;
                json["beta_slow"] = yarn.BetaSlow;
                if (yarn.AttentionFactor is { } attention)
                {
                    json["attention_factor"] = attention;
                }

                if (!yarn.Truncate)
                {
                    json["truncate"] = false;
                }

                break;
            default:
                // the family's readers do not know it: what is read back differs, and the configuration is written in our own layout
                return null;
        }

        return json;
    }
}
