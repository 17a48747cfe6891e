using System.Globalization;
using System.Text.RegularExpressions;
using Heirloom.Checkpoints;
using Heirloom.Cli;
using Heirloom.Encoding;
using Heirloom.Models;
using Heirloom.Models.Text;
using Heirloom.Models.Vision;
using Heirloom.Reuse.Growing;
using Heirloom.Tests.Reuse;
using static TorchSharp.torch;

namespace Heirloom.Tests.Cli;

public sealed partial class ModelGrowTests : IDisposable
{
    private readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void AGrownModelIsAModelFolderWithItsParentAndItsTokenizer()
    {
        var small = Model("small", DecoderConfig.Llama(300, 32, 16, 2, 2));
        var text = _terminal.Write("text.txt", "the cat sat on the mat\n\nand the dog on the log\n");
        var large = Path.Combine(_terminal.Folder, "large");

        var (code, said, error) = _terminal.Run("model", "grow", small, "--to", large, "--width", "32", "--data", text);

        Assert.True(code == ExitCode.Ok, error);
        Assert.Contains("function preserved", said, StringComparison.Ordinal);
        Assert.Contains("bert2bert-fpi", said, StringComparison.Ordinal);
        var changes = Changes().Matches(said).Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(2, changes.Count);
        Assert.All(changes, c => Assert.InRange(c, 0, 1e-5));
        Assert.Contains("FLOPs to equal loss", said, StringComparison.Ordinal);
        var loaded = Checkpoint.LoadAs<Decoder>(large);
        Assert.Equal((32, 4), (loaded.Model.Width, ((DecoderConfig)loaded.Model.Config).Block.Attention.Heads));
        Assert.Equal(("grow/bert2bert-fpi", Checkpoint.Load(small).WeightsHash), (loaded.Lineage!.Method, loaded.Lineage.Parents.Single().Weights));
        Assert.Contains("to:", loaded.Lineage.Settings, StringComparison.Ordinal);
        Assert.InRange(loaded.Lineage.Scores["loss"], loaded.Lineage.Scores["loss before growing"] - 1e-4, loaded.Lineage.Scores["loss before growing"] + 1e-4);
        Assert.Equal(TokenizerFile.Load(small).Fingerprint, TokenizerFile.Load(large).Fingerprint);
        Assert.Contains("grow/bert2bert-fpi", File.ReadAllText(Path.Combine(large, ModelCard.Name)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bert2bert-aki", "function not preserved: new neurons")]
    [InlineData("stack", "function not preserved: a stack")]
    [InlineData("interpolate", "function not preserved: a layer that runs twice")]
    [InlineData("net2net", "function not preserved: noise")]
    [InlineData("hypercloning", "function preserved")]
    public void EveryMethodSaysWhatBecameOfTheFunction(string method, string expected)
    {
        var small = Model("small", DecoderConfig.Gpt2(300, 32, 16, 2, 2));
        string[] size = method is "stack" or "interpolate" ? ["--layers", "4"] : ["--width", "32"];

        var (code, said, error) = _terminal.Run(["model", "grow", small, "--to", Path.Combine(_terminal.Folder, "large"), "--method", method, .. size]);

        Assert.True(code == ExitCode.Ok, error);
        Assert.Contains(expected, said, StringComparison.Ordinal);
    }

    [Fact]
    public void MaskedGrowthPreservesTheFunctionAtAnySize()
    {
        var small = Model("small", DecoderConfig.Llama(300, 32, 16, 2, 2));

        var (code, said, error) = _terminal.Run("model", "grow", small, "--to", Path.Combine(_terminal.Folder, "large"), "--method", "msg", "--width", "21", "--heads", "3", "--feed-forward", "70", "--layers", "5");

        Assert.True(code == ExitCode.Ok, error);
        Assert.Contains("function preserved", said, StringComparison.Ordinal);
        Assert.Equal((21, 5), (Checkpoint.LoadAs<Decoder>(Path.Combine(_terminal.Folder, "large")).Model.Width, ((DecoderConfig)Checkpoint.ReadConfig(Path.Combine(_terminal.Folder, "large"))).Layers));
    }

    [Fact]
    public void LearnedOperatorsLearnFromTextThatTheyAreNotMeasuredOn()
    {
        var small = Model("small", DecoderConfig.Llama(300, 32, 16, 2, 2));
        var large = Path.Combine(_terminal.Folder, "large");
        var text = _terminal.Write("text.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the dog on the log\n\n", 3000)));
        var few = _terminal.Write("few.txt", "the cat sat on the mat\n");

        var (code, said, error) = _terminal.Run("model", "grow", small, "--to", large, "--method", "ligo", "--width", "32", "--layers", "3", "--data", text, "--set", "steps=10", "--set", "learning_rate=0.01");

        Assert.True(code == ExitCode.Ok, error);
        Assert.Contains("its operators have learned", said, StringComparison.Ordinal);
        var scores = Checkpoint.LoadAs<Decoder>(large).Lineage!.Scores;
        Assert.True(scores["loss"] < scores["loss before growing"]);
        Assert.Contains("--data", _terminal.Run("model", "grow", small, "--to", large, "--method", "ligo", "--width", "32").Error, StringComparison.Ordinal);
        Assert.Contains("nothing is left to learn from", _terminal.Run("model", "grow", small, "--to", large, "--method", "ligo", "--width", "32", "--data", few).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void ModelsWithoutATokenizerGrowTooAndKeepTheirType()
    {
        var small = Path.Combine(_terminal.Folder, "vit");
        Save(small, VisionTransformerConfig.Vit(8, 4, 1, 12, 2, 3, classes: 3), [], ScalarType.BFloat16);

        var (code, said, error) = _terminal.Run("model", "grow", small, "--to", Path.Combine(_terminal.Folder, "large"), "--width", "24", "--layers", "3", "--method", "net2net", "--set", "noise=0");

        Assert.True(code == ExitCode.Ok, error);
        Assert.Contains("function preserved", said, StringComparison.Ordinal);
        Assert.Equal(ScalarType.BFloat16, Checkpoint.Load(Path.Combine(_terminal.Folder, "large")).Model.Module.parameters().First().dtype);
    }

    [Theory]
    [InlineData("width: 8 is less than the model's 16", "--width", "8")]
    [InlineData("no whole number", "--width", "20")]
    [InlineData("did you mean 'stack'?", "--method", "stak", "--layers", "4")]
    [InlineData("adds layers and does not widen", "--method", "stack", "--width", "32")]
    [InlineData("noise", "--method", "net2net", "--width", "32", "--set", "nois=0")]
    [InlineData("the model has these sizes already", "--layers", "2")]
    public void MistakesAreOneLineAndNothingIsWritten(string message, params string[] options)
    {
        var small = Model("small", DecoderConfig.Gpt2(300, 32, 16, 2, 2));
        var large = Path.Combine(_terminal.Folder, "large");

        var (code, _, error) = _terminal.Run(["model", "grow", small, "--to", large, .. options]);

        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'), l => l.Contains(message, StringComparison.Ordinal));
        Assert.False(Directory.Exists(large));
    }

    [Fact]
    public void FamiliesThatDoNotGrowBrokenWeightsAndItsOwnPlaceAreRefused()
    {
        var t5 = Model("t5", EncoderDecoderConfig.T5(300, 16, 2, 2));
        Refused("cannot be grown", t5, "--layers", "4");

        var broken = Model("broken", DecoderConfig.Gpt2(300, 32, 16, 2, 2), model =>
        {
            using var quiet = no_grad();
            model.Module.get_parameter("norm.weight")!.fill_(float.PositiveInfinity);
        });
        Refused("norm.weight: holds values that are not finite", broken, "--layers", "4");

        var (code, _, error) = _terminal.Run("model", "grow", broken, "--to", broken, "--layers", "4");
        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains("take the place", error, StringComparison.Ordinal);
    }

    [Fact]
    public void AChangeBeyondTheToleranceIsNotWritten()
    {
        var small = Model("small", DecoderConfig.Llama(300, 32, 16, 2, 2));
        var large = Path.Combine(_terminal.Folder, "large");

        var (code, _, error) = _terminal.Run("model", "grow", small, "--to", large, "--width", "32", "--tolerance", "1e-12");

        Assert.Equal(ExitCode.CheckFailed, code);
        Assert.Contains("nothing was written", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(large));
    }

    private void Refused(string message, string model, params string[] options)
    {
        var (code, _, error) = _terminal.Run(["model", "grow", model, "--to", Path.Combine(_terminal.Folder, "refused"), "--method", "stack", .. options]);
        Assert.Equal(ExitCode.UserError, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_terminal.Folder, "refused")));
    }

    private string Model(string name, ModelConfig config, Action<IModel>? change = null)
    {
        var tokenizer = new BpeTrainingConfig { VocabularySize = 300 }.Train(["the cat sat on the mat and the dog on the log"], new());
        var folder = Path.Combine(_terminal.Folder, name);
        Save(folder, config, [tokenizer], null, change);
        return folder;
    }

    private static void Save(string folder, ModelConfig config, IReadOnlyList<IFolderPart> parts, ScalarType? type, Action<IModel>? change = null)
    {
        var model = config is EncoderDecoderConfig ? config.Build(new(1)) : Growable.Lively(config);
        change?.Invoke(model);
        Checkpoint.Save(folder, new() { Model = model, Parts = parts, Type = type, Lineage = new() { Method = "pretrain", Settings = "", Seed = 1 } });
    }

    [GeneratedRegex(@"largest change of an output on [a-z ]+: (\S+)")]
    private static partial Regex Changes();
}
