using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Heirloom.Generation.Text;
using Microsoft.Extensions.AI;

namespace Heirloom.Generation.Clients;

/// <summary>The abstractions' options as ours; what we cannot do is refused and not left out in silence.</summary>
internal static class LocalOptions
{
    public static TextGenerationConfig Apply(TextGenerationConfig config, ChatOptions? options)
    {
        if (options is null)
        {
            return config;
        }

        if (options.ResponseFormat is not (null or ChatResponseFormatText))
        {
            throw new UserError("only text can be asked for", nameof(options.ResponseFormat), "leave it away, and say in the prompt what is wanted");
        }

        if (options.ToolMode is RequiredChatToolMode)
        {
            throw new UserError("a call of a tool cannot be required", nameof(options.ToolMode), "leave it automatic");
        }

        var sampling = config.Sampling;
        sampling = sampling with
        {
            Temperature = options.Temperature ?? sampling.Temperature,
            TopP = options.TopP ?? sampling.TopP,
            TopK = options.TopK ?? sampling.TopK,
            MinP = Number(options, "min_p") ?? sampling.MinP,
            RepetitionPenalty = Number(options, "repetition_penalty") ?? sampling.RepetitionPenalty,
            NoRepeatNGram = Whole(options, "no_repeat_ngram_size") ?? sampling.NoRepeatNGram,
        };
        return config with
        {
            // the settings' own ranges hold for options too
            Sampling = Settings.Parse<SamplingConfig>(Settings.ToYaml(sampling), "options"),
            MaxTokens = options.MaxOutputTokens is { } most ? most > 0 ? most : throw new UserError("must be at least 1", nameof(options.MaxOutputTokens)) : config.MaxTokens,
            StopStrings = options.StopSequences is { Count: > 0 } stops ? [.. stops] : config.StopStrings,
        };
    }

    public static ImmutableArray<ILogitRule> Rules(ChatOptions? options, int prompt) => options is { PresencePenalty: not (null or 0) } or { FrequencyPenalty: not (null or 0) }
        ? [new CountPenalty(Finite(options.PresencePenalty, nameof(options.PresencePenalty)), Finite(options.FrequencyPenalty, nameof(options.FrequencyPenalty)), prompt)]
        : [];

    private static double Finite(float? value, string name) => value is null ? 0 : float.IsFinite(value.Value) ? value.Value : throw new UserError("must be a finite number", name);

    private static int? Whole(ChatOptions options, string name) => Number(options, name) switch
    {
        null => null,
        { } value when value == Math.Truncate(value) && Math.Abs(value) <= int.MaxValue => (int)value,
        { } value => throw new UserError($"{value.ToString(CultureInfo.InvariantCulture)} is no whole number", name),
    };

    private static double? Number(ChatOptions options, string name)
    {
        if (options.AdditionalProperties?.GetValueOrDefault(name) is not { } value)
        {
            return null;
        }

        try
        {
            var number = value is JsonElement json ? json.GetDouble() : Convert.ToDouble(value, CultureInfo.InvariantCulture);
            return double.IsFinite(number) ? number : throw new UserError("must be a finite number", name);
        }
        catch (Exception e) when (e is FormatException or InvalidCastException or OverflowException or InvalidOperationException)
        {
            throw new UserError($"'{value}' is no number", name, inner: e);
        }
    }
}
