using System.Text.Json.Nodes;
using Heirloom.Layers;

namespace Heirloom.Checkpoints.Hub;

/// <summary>
/// Rotary positions as families on the hub write them: newer files in <c>rope_parameters</c>, older ones as a base and a fraction among the model's own keys and
/// <c>rope_scaling</c>, whose <c>rope_type</c> was <c>type</c> once.
/// </summary>
internal static class HubRotary
{
    private const string Share = "partial_rotary_factor", Type = "rope_type", OldType = "type", Factor = "factor", Original = "original_max_position_embeddings", Longest = "max_position_embeddings";

    /// <summary>Reads positions.</summary>
    /// <param name="config">The file.</param>
    /// <param name="theta">The family's older key of the base, and its default.</param>
    /// <param name="fraction">The family's older key of the rotated share, and its default; null for a family that rotates everything.</param>
    /// <param name="length">The family's default of <c>max_position_embeddings</c>.</param>
    /// <exception cref="UserError">A scaling that is not known, one of its numbers is missing, or a part is rotated in a family that rotates everything.</exception>
    public static RotaryPositionsConfig Read(HubConfig config, (string Key, double Otherwise) theta, (string Key, double Otherwise)? fraction, int length = 2048)
    {
        var parameters = config.Object("rope_parameters");
        return new()
        {
            Base = Of("rope_theta", theta, 1, 1e12),
            Fraction = Of(Share, fraction ?? (Share, 1), fraction is null ? 1 : 0.01, 1),
            Scaling = Scaling(config, parameters ?? config.Object("rope_scaling"), config.Size(Longest, length)),
        };

        double Of(string key, (string Key, double Otherwise) older, double min, double max) => parameters?.Has(key) == true
            ? parameters.Number(key, older.Otherwise, min, max)
            : config.Number(config.Has(older.Key) ? older.Key : key, older.Otherwise, min, max);
    }

    /// <summary>
    /// Longest sequence. What <c>max_position_embeddings</c> says, but for two scalings: where it is the length of pretraining, the model reaches further.
    /// </summary>
    /// <param name="config">The file.</param>
    /// <param name="positions">What was read of it.</param>
    /// <param name="otherwise">The family's default.</param>
    public static int ContextLength(HubConfig config, PositionsConfig positions, int otherwise)
    {
        var length = config.Size(Longest, otherwise);
        var pretraining = (positions as RotaryPositionsConfig)?.Scaling switch
        {
            DynamicRotaryScalingConfig => length,
            YarnRotaryScalingConfig yarn => yarn.OriginalLength,
            _ => 0,
        };
        return pretraining == length ? (int)Math.Min(int.MaxValue, length * ((RotaryPositionsConfig)positions).Scaling!.Factor) : length;
    }

    /// <summary>Writes both spellings: readers are older and newer than the change.</summary>
    /// <param name="json">The configuration being written, <c>max_position_embeddings</c> already in it.</param>
    /// <param name="positions">The positions.</param>
    /// <param name="theta">The family's older key of the base.</param>
    /// <param name="fraction">The family's older key of the rotated share; null for a family that rotates everything, whose readers know no such key.</param>
    public static void Write(JsonObject json, PositionsConfig positions, string theta, string? fraction)
    {
        if (positions is not RotaryPositionsConfig rotary)
        {
            return;
        }

        json[theta] = rotary.Base;
        var parameters = Written(rotary.Scaling) ?? new JsonObject { [Type] = "default" };
        if (rotary.Scaling is not null)
        {
            json["rope_scaling"] = parameters.DeepClone();
        }

        parameters["rope_theta"] = rotary.Base;
        if (fraction is not null)
        {
            json[fraction] = rotary.Fraction;
            parameters[Share] = rotary.Fraction;
        }

        json["rope_parameters"] = parameters;
        if (rotary.Scaling is DynamicRotaryScalingConfig dynamic)
        {
            // readers take its length of pretraining from here
            json[Longest] = dynamic.OriginalLength;
        }
    }

    private static RotaryScalingConfig? Scaling(HubConfig config, HubConfig? from, int length)
    {
        if (from is null)
        {
            return null;
        }

        from.Only(Type, "default", "linear", "dynamic", "llama3", "yarn");
        from.Only(OldType, "default", "linear", "dynamic", "llama3", "yarn");
        var type = from.Text(Type, from.Text(OldType, "default"));
        if (type == "default")
        {
            return null;
        }

        var factor = Required(from, Factor, 1, 1e6);
        // what a file without it means by its maximum is the length of pretraining
        var original = from.SizeOrNull(Original) ?? config.SizeOrNull(Original) ?? length;
        return type switch
        {
            "linear" => new LinearRotaryScalingConfig { Factor = factor },
            "dynamic" => new DynamicRotaryScalingConfig { Factor = factor, OriginalLength = length },
            "llama3" => new Llama3RotaryScalingConfig
            {
                Factor = factor,
                OriginalLength = original,
                LowFrequencyFactor = Required(from, "low_freq_factor", 1e-6, 1e6),
                HighFrequencyFactor = Required(from, "high_freq_factor", 1e-6, 1e6),
            },
            _ => new YarnRotaryScalingConfig
            {
                Factor = factor,
                OriginalLength = original,
                AttentionFactor = AttentionFactor(from, factor),
                BetaFast = from.Number("beta_fast", 32, 1e-6, 1e6),
                BetaSlow = from.Number("beta_slow", 1, 1e-6, 1e6),
                Truncate = from.Flag("truncate", true),
            },
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
