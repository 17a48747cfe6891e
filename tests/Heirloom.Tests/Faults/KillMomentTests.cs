using Heirloom.Core.Downloads;
using Heirloom.Data;
using Heirloom.Data.Sources;
using Heirloom.Encoding;
using Heirloom.Tests.Core.Downloads;
using Heirloom.Tests.Data;

namespace Heirloom.Tests.Faults;

/// <summary>SIGKILL while text is tokenized or a model is fetched: what stands there is whole, and starting again ends in the same bytes.</summary>
public class KillMomentTests
{
    private const int Few = 3, Many = 50, DownloadBytes = 6 << 20;

    private static readonly byte[] s_weights = [.. Enumerable.Range(0, DownloadBytes).Select(i => (byte)((i * 31) >> 3))];

    [Fact(Explicit = true)]
    public void Tokenizing() => Tokenize(KilledProgram.Begin());

    [Fact(Explicit = true)]
    public void Downloading()
    {
        var folder = KilledProgram.Begin();
        new HubClient(Work(folder, File.ReadAllText(Path.Combine(folder, "address")))).Pull(HubName.Parse("hf:org/name", HubKind.Model));
    }

    [Fact]
    public void TokenizingSurvivesKills() => KillTokenizing(Few);

    [Fact(Explicit = true)]
    public void TokenizingSurvivesFiftyKills() => KillTokenizing(Many);

    [Fact]
    public void DownloadingSurvivesKills() => KillDownloading(Few);

    [Fact(Explicit = true)]
    public void DownloadingSurvivesFiftyKills() => KillDownloading(Many);

    private static void KillTokenizing(int kills)
    {
        using TemporaryFolder whole = new(), folder = new();
        var expected = File.ReadAllBytes(Tokenize(whole.Path));
        var checkedWhole = 0;
        KilledProgram.Kill($"{typeof(KillMomentTests).FullName}.{nameof(Tokenizing)}", kills, folder, () =>
        {
            foreach (var file in Files(folder / "cache", "*.tokens"))
            {
                Assert.True(File.ReadAllBytes(file).SequenceEqual(expected), $"{file} is not whole");
                checkedWhole++;
            }
        }, () => Directory.Delete(folder / "cache", recursive: true));
        Assert.True(checkedWhole > 0);
    }

    private static void KillDownloading(int kills)
    {
        using var folder = new TemporaryFolder();
        using var hub = new FakeHub { Pause = TimeSpan.FromMilliseconds(4), Files = { ["config.json"] = "{}"u8.ToArray(), ["model.safetensors"] = s_weights } };
        File.WriteAllText(folder / "address", hub.Address);
        var checkedWhole = 0;
        KilledProgram.Kill($"{typeof(KillMomentTests).FullName}.{nameof(Downloading)}", kills, folder, () =>
        {
            foreach (var file in Files(folder / "hub", "model.safetensors"))
            {
                Assert.True(File.ReadAllBytes(file).SequenceEqual(s_weights), $"{file} is not whole");
                checkedWhole++;
            }
        }, () => Directory.Delete(folder / "hub", recursive: true));
        Assert.True(checkedWhole > 0);
        Assert.True(kills < Many || hub.Requests.Any(r => r.From > 0), "no moment was in the middle of a file, or none went on where it was");
    }

    private static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories) : [];

    private static WorkContext Work(string folder, string? hub = null) => new()
    {
        Places = new() { Cache = Path.Combine(folder, "cache"), HubCache = Path.Combine(folder, "hub"), Hub = new() { Endpoint = hub ?? HubAccess.PublicEndpoint } },
    };

    private static string Tokenize(string folder)
    {
        var source = new DocumentStream("words", () => new string('c', 64), () => Enumerable.Range(0, 30_000).Select(i => new Document($"{i}", $"{i} " + new string((char)('a' + (i % 26)), i % 200))));
        using var file = TokenizedCorpus.Open(source, new TokenizedCorpusTests.Letters(), Work(folder));
        return file.Path;
    }
}
