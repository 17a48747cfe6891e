using Heirloom.Adaptation.Peft;
using Heirloom.Checkpoints;
using Heirloom.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Adaptation.Peft;

/// <summary>Adapters of another implementation on models of another implementation say what they say there.</summary>
public sealed class AdapterReferenceTests
{
    private static readonly string s_references = Path.Combine(AppContext.BaseDirectory, "References");

    public static TheoryData<string> All => [.. Directory.GetDirectories(Path.Combine(s_references, "adapters")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(All))]
    public void SaysTheSameAttachedMergedAndSavedAgain(string name)
    {
        using var temporary = new TemporaryFolder();
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var folder = Path.Combine(s_references, "adapters", name);
        var baseFolder = Path.Combine(s_references, "parity", Adapters.Describe(folder).BaseModel!);
        using var expected = Safetensors.Open(Path.Combine(folder, "expected.safetensors"));
        var model = Checkpoint.Load(baseFolder).Model;
        using var module = model.Module;
        using var adapter = Adapters.Load(folder, model);
        AssertAgrees(expected.Read("out.logits"), model, baseFolder);

        Adapters.Save(temporary / "again", new() { Adapter = adapter, Model = model });
        AssertSameTensors(folder, temporary / "again");
        if (adapter is PromptTuning or PrefixTuning)
        {
            return;
        }

        adapter.Merge(model);
        AssertAgrees(expected.Read("out.logits"), model, baseFolder);
    }

    private static void AssertSameTensors(string folder, string again)
    {
        using var first = Adapters.OpenWeights(folder);
        using var second = Adapters.OpenWeights(again);
        Assert.Equal(first.Entries.Keys.Order(StringComparer.Ordinal), second.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.All(first.Entries.Keys, name => Assert.Equal(first.Read(name).bytes.ToArray(), second.Read(name).bytes.ToArray()));
    }

    private static void AssertAgrees(Tensor expected, IModel model, string folder)
    {
        using var io = Safetensors.Open(Path.Combine(folder, Parity.FileName));
        var (ids, mask) = (io.Read("in.input_ids"), io.Read("in.attention_mask").to(ScalarType.Bool));
        Tensor actual;
        if (model is ISequenceToSequenceLM both)
        {
            var labels = io.Read("in.labels");
            var target = cat([full_like(labels.narrow(1, 0, 1), both.DecoderStart), labels.narrow(1, 0, labels.shape[1] - 1)], 1);
            actual = both.Head(both.Decode(target.masked_fill(target.eq(-100), 0), both.EncodeSource(ids, mask), mask));
            mask = ones_like(target, dtype: ScalarType.Bool);
        }
        else
        {
            var language = (ILanguageModel)model;
            actual = language.Head(language.Encode(new(ids) { Mask = mask, TokenTypes = io.Entries.ContainsKey("in.token_type_ids") ? io.Read("in.token_type_ids") : null }));
        }

        var difference = expected.sub(actual).abs().amax([-1]).masked_select(mask).max().item<float>();
        Assert.True(difference < 1e-4, $"differs by {difference}");
    }
}
