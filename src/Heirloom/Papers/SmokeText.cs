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
}
