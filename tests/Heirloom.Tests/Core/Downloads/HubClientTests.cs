using Heirloom.Core.Downloads;

namespace Heirloom.Tests.Core.Downloads;

public sealed class HubClientTests : IDisposable
{
    private const string Weights = "model.safetensors";
    private readonly TemporaryFolder _folder = new();
    private readonly List<TimeSpan> _waits = [];
    private readonly FakeHub _storage = new();
    private readonly FakeHub _hub;
    private readonly byte[] _weights = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31 >> 3))];

    public HubClientTests()
    {
        _hub = new(_storage)
        {
            Files = { ["config.json"] = "{}"u8.ToArray(), [Weights] = _weights, ["README.md"] = [1], ["run.py"] = [2], ["pytorch_model.bin"] = [3], ["onnx/model.json"] = [4] },
        };
        _storage.Files[Weights] = _weights;
        _storage.Files["pytorch_model.bin"] = [3];
    }

    public void Dispose()
    {
        _hub.Dispose();
        _storage.Dispose();
        _folder.Dispose();
    }

    private HubSnapshot Pull(string name = "hf:org/name", string? token = null, bool offline = false, bool pickles = false, FakeHub? hub = null, HubKind kind = HubKind.Model) =>
        new HubClient((hub ?? _hub).Work(_folder, token, offline))
        {
            Wait = (delay, _) =>
            {
                _waits.Add(delay);
                return Task.CompletedTask;
            },
        }.Pull(HubName.Parse(name, kind), pickles);

    private static UserError Refused(Func<object> action) => Assert.Throws<UserError>(action);

    private IEnumerable<HubRequest> Gets(FakeHub hub) => hub.Requests.Where(r => r.Method == "GET" && !r.Path.StartsWith("/api/", StringComparison.Ordinal));

    [Fact]
    public void FetchesTensorsJsonAndTextIntoTheLayoutOfTheHubsClients()
    {
        var snapshot = Pull();
        Assert.Equal(["config.json", Weights], snapshot.Files.Order(StringComparer.Ordinal));
        Assert.Equal(_folder / $"hub/models--org--name/snapshots/{FakeHub.Commit}", snapshot.Folder);
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(snapshot.Folder, Weights)));
        Assert.Equal($"../../blobs/{FakeHub.Sha256(_weights)}", new FileInfo(Path.Combine(snapshot.Folder, Weights)).LinkTarget);
        Assert.Equal(FakeHub.Commit, File.ReadAllText(_folder / "hub/models--org--name/refs/main"));
        Assert.Equal(2, Directory.GetFiles(_folder / "hub/models--org--name/blobs").Length);

        var before = _hub.Requests.Count;
        Assert.Equal(snapshot.Folder, Pull().Folder);
        Assert.Equal(before + 1, _hub.Requests.Count); // what is there is not asked for again
    }

    [Fact]
    public void TheTokenGoesToTheHubAlone()
    {
        Pull(token: "hf_secret");
        Assert.All(_hub.Requests, r => Assert.Equal("Bearer hf_secret", r.Token));
        Assert.NotEmpty(_storage.Requests);
        Assert.All(_storage.Requests, r => Assert.Null(r.Token));
        Assert.DoesNotContain("hf_secret", _hub.Work(_folder, "hf_secret").Places.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TheTokenDoesNotComeBackAfterADetour()
    {
        _storage.Fault = r => new(302, []) { Headers = { ["Location"] = $"{_hub.Address}/stolen" } };
        Refused(() => Pull(token: "hf_secret"));
        Assert.All(_hub.Requests.Where(r => r.Path == "/stolen"), r => Assert.Null(r.Token));
        Assert.Contains(_hub.Requests, r => r.Path == "/stolen");
    }

    [Fact]
    public void ACutConnectionGoesOnWhereItBroke()
    {
        _storage.Fault = r => _storage.Content(r, _weights, "x") with { CutAfter = 50_000 };
        var snapshot = Pull(); // each attempt brings some, so that more than five are made
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(snapshot.Folder, Weights)));
        var starts = Gets(_storage).Select(r => r.From).ToList();
        Assert.Equal(0, starts[0]);
        Assert.True(starts.Count >= 6);
        Assert.Equal(starts.Order(), starts);
        Assert.All(starts.Skip(1), s => Assert.True(s > 0));
    }

    [Fact]
    public void WhatArrivedInAnEarlierRunIsKept()
    {
        _storage.Fault = r => r.From == 0 ? _storage.Content(r, _weights, "x") with { CutAfter = 100_000 } : HubAnswer.Error(503);
        var error = Refused(() => Pull());
        Assert.Contains("503", error.Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder / "hub/models--org--name/blobs", "*.incomplete"));
        Assert.False(File.Exists(_folder / $"hub/models--org--name/snapshots/{FakeHub.Commit}/{Weights}"));

        _storage.Fault = _ => null;
        var asked = _storage.Requests.Count;
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(Pull().Folder, Weights)));
        Assert.True(_storage.Requests.Skip(asked).Single().From > 0);
        Assert.Empty(Directory.GetFiles(_folder / "hub/models--org--name/blobs", "*.incomplete"));
    }

    [Fact]
    public void WaitsAsLongAsTheHubAsksAndTwiceAsLongEachTimeOtherwise()
    {
        var answers = new Queue<HubAnswer>([HubAnswer.Error(429, retryAfter: "7"), HubAnswer.Error(500), HubAnswer.Error(502), HubAnswer.Error(503)]);
        _hub.Fault = r => answers.TryDequeue(out var fault) ? fault : null;
        Pull();
        Assert.Equal([7, 2, 4, 8], _waits.Select(w => w.TotalSeconds));
    }

    [Fact]
    public void GivesUpAfterFiveFailures()
    {
        _hub.Fault = r => HubAnswer.Error(500);
        Assert.Contains("500", Refused(() => Pull()).Message, StringComparison.Ordinal);
        Assert.Equal(5, _hub.Requests.Count);
    }

    [Fact]
    public void DoesNotWaitForHours()
    {
        _hub.Fault = r => HubAnswer.Error(429, retryAfter: "7200");
        Assert.Contains("wait 120 minutes", Refused(() => Pull()).Message, StringComparison.Ordinal);
        Assert.Empty(_waits);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(-100)]
    public void AWrongSizeIsNoticed(int difference)
    {
        var wrong = difference > 0 ? [.. _weights, .. new byte[difference]] : _weights[..^-difference];
        _storage.Fault = r => _storage.Content(r, wrong, "x");
        Assert.Contains($"the hub says {_weights.Length}", Refused(() => Pull()).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder / $"hub/models--org--name/snapshots/{FakeHub.Commit}/{Weights}"));
    }

    [Fact]
    public void WrongContentIsNoticedAndFetchedAnew()
    {
        var wrong = (byte[])_weights.Clone();
        wrong[1000] ^= 1;
        var once = true;
        _storage.Fault = r =>
        {
            var answer = once ? _storage.Content(r, wrong, "x") : null;
            once = false;
            return answer;
        };
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(Pull().Folder, Weights)));

        Directory.Delete(_folder / "hub", recursive: true);
        _storage.Fault = r => _storage.Content(r, wrong, "x");
        Assert.Contains("SHA-256", Refused(() => Pull()).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder / $"hub/models--org--name/snapshots/{FakeHub.Commit}/{Weights}"));
    }

    [Fact]
    public void AFileThatChangesWhileItIsReadIsReadAnew()
    {
        var (old, renewed) = ("{\"a\": 1}"u8.ToArray(), "{\"b\": 22}"u8.ToArray());
        _hub.Files["config.json"] = old;
        _hub.Fault = r =>
        {
            if (r.Method == "GET" && r.Path.EndsWith("config.json", StringComparison.Ordinal))
            {
                _hub.Files["config.json"] = renewed; // after it was looked at
            }

            return null;
        };
        Assert.Equal(renewed, File.ReadAllBytes(Path.Combine(Pull().Folder, "config.json")));

        var version = 0;
        _hub.Fault = r =>
        {
            _hub.Files["config.json"] = [(byte)version++];
            return null;
        };
        Directory.Delete(_folder / "hub", recursive: true);
        Assert.Contains("changed on the hub", Refused(() => Pull()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, null, null, "HF_TOKEN")]
    [InlineData(401, null, "hf_x", "does not accept the token")]
    [InlineData(403, "GatedRepo", "hf_x", "accept its terms")]
    [InlineData(403, null, "hf_x", "access is refused")]
    [InlineData(404, "RepoNotFound", null, "no such repository")]
    [InlineData(404, "RevisionNotFound", null, "no such revision")]
    [InlineData(418, null, null, "418")]
    public void RefusalsAreOneLine(int status, string? code, string? token, string says)
    {
        _hub.Fault = r => HubAnswer.Error(status, code);
        var error = Refused(() => Pull("hf:org/name@v1", token));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Contains("hf:org/name@v1", error.Message, StringComparison.Ordinal);
        Assert.Single(_hub.Requests);
    }

    [Fact]
    public void WithoutANetworkTheCacheHasToDo()
    {
        _hub.Dispose();
        Assert.Contains("cannot be reached", Refused(() => Pull()).Message, StringComparison.Ordinal);
        using var again = new FakeHub { Files = { ["config.json"] = "{}"u8.ToArray(), [Weights] = _weights } };
        var snapshot = Pull(hub: again);
        again.Dispose();
        Assert.Equal(snapshot.Folder, Pull(hub: again).Folder);
    }

    [Fact]
    public void OfflineAsksNobody()
    {
        Assert.Contains("HF_HUB_OFFLINE", Refused(() => Pull(offline: true)).Message, StringComparison.Ordinal);
        Assert.Empty(_hub.Requests);
        var snapshot = Pull();
        var asked = _hub.Requests.Count;
        Assert.Equal(snapshot.Folder, Pull(offline: true).Folder);
        Assert.Equal(snapshot.Folder, Pull($"hf:org/name@{FakeHub.Commit}", offline: true).Folder);
        Assert.Equal(asked, _hub.Requests.Count);
    }

    [Fact]
    public void PicklesComeOnRequest()
    {
        _hub.Files.Remove(Weights);
        _hub.Files.Remove("config.json");
        Assert.Contains("--pickles", Refused(() => Pull()).Message, StringComparison.Ordinal);
        Assert.Equal(["pytorch_model.bin"], Pull(pickles: true).Files);
    }

    [Fact]
    public void AFolderOrAPatternOfTheRepository()
    {
        Assert.Equal(["onnx/model.json"], Pull("hf:org/name:onnx").Files);
        Assert.Equal(["config.json"], Pull("hf:org/name:conf*").Files);
        Assert.Contains("holds no 'none'", Refused(() => Pull("hf:org/name:none")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DataSetsHaveEndpointsOfTheirOwn()
    {
        using var hub = new FakeHub { Prefix = "datasets", Files = { ["data/train.jsonl"] = [5], ["README.md"] = [1], ["load.py"] = [2] } };
        var snapshot = Pull(hub: hub, kind: HubKind.DataSet);
        Assert.Equal(["data/train.jsonl"], snapshot.Files);
        Assert.Contains("datasets--org--name", snapshot.Folder, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../evil.json")]
    [InlineData("/etc/evil.json")]
    [InlineData("a/../../evil.json")]
    [InlineData("a\\..\\evil.json")]
    [InlineData("c:evil.json")]
    public void AFileThatLeadsOutOfItsFolderIsRefused(string path)
    {
        _hub.Files[path] = [1];
        Assert.Contains("leads out of its folder", Refused(() => Pull()).Message, StringComparison.Ordinal);
        Assert.Single(_hub.Requests);
    }

    [Theory]
    [InlineData("hf:")]
    [InlineData("hf:a/b/c")]
    [InlineData("hf:../x")]
    [InlineData("hf:a/..")]
    [InlineData("hf:org/name@../x")]
    [InlineData("hf:org/name:../x")]
    [InlineData("hf:org/na me")]
    public void NamesThatAreNone(string name) => Assert.Throws<UserError>(() => HubName.Parse(name, HubKind.Model));

    [Theory]
    [InlineData("hf:gpt2", "gpt2", "main", null)]
    [InlineData("hf:org/name@v1.0", "org/name", "v1.0", null)]
    [InlineData("hf:org/name@refs/pr/3:sub/file.json", "org/name", "refs/pr/3", "sub/file.json")]
    public void Names(string text, string repository, string revision, string? path)
    {
        var name = HubName.Parse(text, HubKind.Model);
        Assert.Equal((repository, revision, path), (name.Repository, name.Revision, name.Path));
        Assert.Equal(text, name.ToString());
    }

    [Fact]
    public void TwoAtOnceFetchEachContentOnce()
    {
        Parallel.For(0, 4, _ => Pull());
        Assert.Single(Gets(_storage));
    }

    [Fact]
    public void AnAnswerThatIsNoHubs()
    {
        _hub.Fault = r => new(200, "<html>"u8.ToArray());
        Assert.Contains("HF_ENDPOINT", Refused(() => Pull()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CirclesEnd()
    {
        _hub.Fault = r => r.Method == "HEAD" ? new(307, []) { Headers = { ["Location"] = r.Path } } : null;
        Assert.Contains("circles", Refused(() => Pull()).Message, StringComparison.Ordinal);
    }
}
