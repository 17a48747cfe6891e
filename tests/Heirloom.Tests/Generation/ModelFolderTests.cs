using Heirloom.Generation.Text;
using Heirloom.Models.Heads;

namespace Heirloom.Tests.Generation;

public sealed class ModelFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadsHowSentencesBecomeVectors()
    {
        Assert.Equal((null, false), (Folder.Pooling(), Folder.Normalizes()));
        Write(["Transformer", "Pooling", "Normalize"], """{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}""");
        Assert.Equal((Pooling.Mean, true), (Folder.Pooling(), Folder.Normalizes()));
        Write(["Transformer", "Pooling"], """{"pooling_mode_cls_token": true}""");
        Assert.Equal((Pooling.First, false), (Folder.Pooling(), Folder.Normalizes()));
    }

    [Fact]
    public void RefusesModulesThatItHasNot()
    {
        Write(["Transformer", "Pooling", "Dense"], """{"pooling_mode_mean_tokens": true}""");
        Assert.Contains("module 'Dense'", Assert.Throws<UserError>(() => Folder.Pooling()).Message, StringComparison.Ordinal);
        Assert.Contains("module 'Dense'", Assert.Throws<UserError>(() => Folder.Normalizes()).Message, StringComparison.Ordinal);
        File.WriteAllText(_folder / "modules.json", "{}");
        Assert.Contains("not a JSON list", Assert.Throws<UserError>(() => Folder.Normalizes()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}""", "cls_token and mean_tokens")]
    [InlineData("""{"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true}""", "mean_tokens and max_tokens")]
    [InlineData("""{"pooling_mode_weightedmean_tokens": true}""", "weightedmean_tokens")]
    public void RefusesOtherPoolings(string pooling, string named)
    {
        Write(["Transformer", "Pooling"], pooling);
        Assert.Contains(named, Assert.Throws<UserError>(() => Folder.Pooling()).Message, StringComparison.Ordinal);
    }

    private ModelFolder Folder => new(_folder.Path);

    private void Write(string[] modules, string pooling)
    {
        File.WriteAllText(_folder / "modules.json", $"[{string.Join(", ", modules.Select(m => $$"""{"type": "sentence_transformers.models.{{m}}"}"""))}]");
        Directory.CreateDirectory(_folder / "1_Pooling");
        File.WriteAllText(Path.Combine(_folder.Path, "1_Pooling", "config.json"), pooling);
    }
}
