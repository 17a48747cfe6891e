using System.CommandLine;
using Heirloom.Generation;
using Heirloom.Generation.Text;
using static TorchSharp.torch;

namespace Heirloom.Cli.Verbs.Use;

/// <summary>How text is written, as options of a verb.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<int> _tokens;
    private readonly Option<double> _temperature = new("--temperature") { Description = "0 for greedy", DefaultValueFactory = _ => 0.8 };
    private readonly Option<int?> _topK = new("--top-k") { Description = "only the k most likely tokens" };
    private readonly Option<double?> _topP = new("--top-p") { Description = "only the most likely tokens that together have this probability" };
    private readonly Option<double?> _minP = new("--min-p") { Description = "only tokens with at least this share of the most likely one's probability" };
    private readonly Option<double> _repetition = new("--repetition-penalty") { Description = "above 1: less of what was written already", DefaultValueFactory = _ => 1 };
    private readonly Option<int?> _ngram = new("--no-repeat-ngram") { Description = "no run of so many tokens twice" };
    private readonly Option<string[]> _stop = new("--stop") { Description = "a text that ends the writing and is no part of it; may be given several times" };
    private readonly Option<DecodingEngine> _engine = new("--engine") { Description = "which code computes: kernels for decoders on the CPU, torch for anything; auto takes kernels where they cover the model", DefaultValueFactory = _ => DecodingEngine.Auto };
    private readonly Option<string?> _weights = new Option<string?>("--weights") { Description = "type in which weights are held, as stored unless it is given; bfloat16 takes half the memory of float32 and is read about twice as fast" }.AcceptOnlyFromAmong("float32", "bfloat16");
    private readonly Option<ulong> _seed = new("--seed") { Description = "what is drawn depends on it alone", DefaultValueFactory = _ => 1 };

    public SamplingOptions(int tokens) => _tokens = new("--max-tokens") { Description = "tokens to write at most", DefaultValueFactory = _ => tokens };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_tokens, _temperature, _topK, _topP, _minP, _repetition, _ngram, _stop, _engine, _weights, _seed])
        {
            command.Options.Add(option);
        }
    }

    public Seed Seed(ParseResult parsed) => new(parsed.GetValue(_seed));

    /// <summary>Type in which weights are held; null for as stored.</summary>
    public ScalarType? Weights(ParseResult parsed) => parsed.GetValue(_weights) switch { "float32" => ScalarType.Float32, "bfloat16" => ScalarType.BFloat16, _ => null };

    /// <exception cref="UserError">A value out of its range.</exception>
    public TextGenerationConfig Config(ParseResult parsed) => new()
    {
        MaxTokens = UseOptions.AtLeastOne(parsed.GetValue(_tokens), _tokens.Name),
        // through the settings' own checks of ranges
        Sampling = Settings.Parse<SamplingConfig>(Settings.ToYaml(new SamplingConfig
        {
            Temperature = parsed.GetValue(_temperature),
            TopK = parsed.GetValue(_topK),
            TopP = parsed.GetValue(_topP),
            MinP = parsed.GetValue(_minP),
            RepetitionPenalty = parsed.GetValue(_repetition),
            NoRepeatNGram = parsed.GetValue(_ngram),
        }), "options"),
        StopStrings = [.. parsed.GetValue(_stop) ?? []],
        Engine = parsed.GetValue(_engine),
    };
}
