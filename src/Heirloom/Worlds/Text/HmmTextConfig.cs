using System.ComponentModel.DataAnnotations;

namespace Heirloom.Worlds.Text;

/// <summary>English-like text with topics and periods.</summary>
public sealed record HmmTextConfig : TextWorldConfig, IExample<HmmTextConfig>
{
    public static HmmTextConfig Example => new() { Vocabulary = 100, Topics = 3, Sentences = 2 };

    /// <summary>The time of writing. From one period to the next, words are replaced and other topics come to the fore; the grammar stays.</summary>
    [Range(0, 100)]
    public int Period { get; init; }

    /// <summary>Content words in use at a time; about half are nouns.</summary>
    [Range(40, 1 << 20)]
    public int Vocabulary { get; init; } = 2000;

    /// <summary>Subjects, which are also the labels.</summary>
    [Range(2, 1000)]
    public int Topics { get; init; } = 8;

    /// <summary>How many times as frequent a word is in the topic that it belongs to.</summary>
    [Range(1.0, 1e6)]
    public double Boost { get; init; } = 20;

    /// <summary>The fraction of sentences on the document's own topic; the others are on any.</summary>
    [Range(0.0, 1.0)]
    public double Focus { get; init; } = 0.8;

    /// <summary>The fraction of content words that are replaced from one period to the next.</summary>
    [Range(0.0, 1.0)]
    public double Drift { get; init; } = 0.3;

    /// <summary>How far the preferred topic moves in a period, as a fraction of all topics.</summary>
    [Range(0.0, 1.0)]
    public double TopicShift { get; init; } = 0.25;

    /// <summary>Sentences a document on average (uniform from half to one and a half of it).</summary>
    [Range(1, 1 << 16)]
    public int Sentences { get; init; } = 12;

    public override ITextWorld Build(Seed seed) => new HmmText(this, seed);
}
