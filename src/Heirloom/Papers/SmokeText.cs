using Heirloom.Evaluation.Testbeds;
using Heirloom.Worlds.Text;

namespace Heirloom.Papers;

/// <summary>Generated text for smoke runs: made in a moment, without a network.</summary>
public static class SmokeText
{
    /// <summary>A testbed of few documents, each domain a later period of one drifting world.</summary>
    /// <param name="domains">Their names, from the first period on.</param>
    public static TextTestbedConfig Testbed(params IEnumerable<string> domains) => new()
    {
        Domains = [.. domains.Select((name, period) => new TextDomainConfig
        {
            Name = name, Source = new WorldSourceConfig { World = new HmmTextConfig { Period = period }, Documents = 120 },
        })],
        Tokenizer = new() { VocabularySize = 512 },
        ContextLength = 32,
        MaxHeldOutRows = 8,
    };

    /// <summary>Short documents of four topics, which the field <c>topic</c> names.</summary>
    /// <param name="seed">Another seed, another world.</param>
    /// <param name="period">How far it has drifted.</param>
    public static WorldSourceConfig Topics(ulong seed, int period = 0) => new()
    {
        World = new HmmTextConfig { Vocabulary = 200, Topics = 4, Sentences = 4, Period = period },
        Seed = new(seed),
        Documents = 100,
    };
}
