using Heirloom.Data.Sources;
using Heirloom.Data;
using Heirloom.Evaluation.Testbeds;
using Heirloom.Models.Text;

namespace Heirloom.Tests.Evaluation;

public sealed class TextTestbedTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("heirloom-testbed-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private WorkContext Work => new() { Places = new() { Cache = _folder, HubCache = _folder } };

    private TextDomainConfig Domain(string name, string words)
    {
        var path = Path.Combine(_folder, $"{name}.txt");
        var random = new Seed(1).For(name).Random();
        var vocabulary = words.Split(' ');
        File.WriteAllLines(path, Enumerable.Range(0, 300).Select(i => $"{i} " + string.Join(' ', Enumerable.Range(0, 20).Select(_ => vocabulary[random.Next(vocabulary.Length)]))));
        return new() { Name = name, Source = new TextSourceConfig { Path = path, Split = TextSplit.Lines } };
    }

    private TextTestbedConfig Config() => new()
    {
        Domains = [Domain("sea", "wave gull salt tide sail"), Domain("law", "court clause writ plea bench")],
        Tokenizer = new() { VocabularySize = 300 },
        ContextLength = 16,
        MaxHeldOutRows = 64,
    };

    [Fact]
    public void PartsAreDisjointAndScoredOnTheSameRowsEveryTime()
    {
        using var testbed = TextTestbed.Open(Config(), Work);
        var model = (Decoder)DecoderConfig.Llama(testbed.Tokenizer.VocabularySize, 16, width: 16, layers: 1, heads: 2).Build(new(1));

        var first = testbed["sea"].Losses(model, Work);
        var again = testbed["sea"].Losses(model, Work);
        var validation = testbed["sea"].Losses(model, Work, SplitPart.Validation);

        Assert.Equal(first.ByRow, again.ByRow);
        Assert.NotEqual(first.Mean, validation.Mean);
        Assert.InRange(first.ByRow.Length, 2, 64);
        Assert.Equal(Math.Log(testbed.Tokenizer.VocabularySize), first.Mean, 0);
    }

    [Fact]
    public void TheTokenizerMayKnowSomeDomainsOnly()
    {
        using var both = TextTestbed.Open(Config(), Work);
        using var one = TextTestbed.Open(Config() with { TokenizerFrom = ["sea"] }, Work);

        Assert.True(one["law"].Tokens > both["law"].Tokens);
    }

    [Fact]
    public void UnknownDomainsAreRefusedWithTheNearest()
    {
        using var testbed = TextTestbed.Open(Config(), Work);

        Assert.Contains("did you mean 'law'?", Assert.Throws<UserError>(() => testbed["lawn"]).Message);
        Assert.Contains("tokenizer_from", Assert.Throws<UserError>(() => TextTestbed.Open(Config() with { TokenizerFrom = ["sae"] }, Work)).Message);
    }
}
