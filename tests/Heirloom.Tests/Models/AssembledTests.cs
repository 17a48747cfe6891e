using Heirloom.Adaptation.Peft;
using Heirloom.Data;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Parts;
using Heirloom.Objectives;
using Heirloom.Objectives.Targets;
using Heirloom.Training.Workers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Heirloom.Tests.Models;

/// <summary>What assembled models compute beyond what holds of every model (the contract tests) and of their families (<see cref="Checkpoints.ModelZooTests"/>).</summary>
public sealed class AssembledTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    private static readonly IReadOnlyList<AssembledConfig> s_all = [AssembledConfig.Example, .. AssembledConfig.More];

    public static TheoryData<int> Texts => [.. Enumerable.Range(0, s_all.Count).Where(i => s_all[i].Build(new(1)) is AssembledText)];

    private static AssembledText Text(int example)
    {
        var model = (AssembledText)s_all[example].Build(new(1));
        model.eval();
        return model;
    }

    private static AssembledConfig With(EncoderPartConfig encoder, params TargetConfig[] targets) => AssembledConfig.Example with { Encoder = encoder, Targets = [.. targets] };

    private static Tensor Ids(int rows, int length) => arange(length).unsqueeze(0).mul(3).add(arange(rows).unsqueeze(1).mul(5)).remainder(20).add(4);

    private static void Close(Tensor a, Tensor b, double tolerance = 1e-5) => Assert.True(a.sub(b).abs().max().item<float>() < tolerance, $"differ by {a.sub(b).abs().max().item<float>()}");

    [Theory]
    [MemberData(nameof(Texts))]
    public void PaddingAndOtherDocumentsOfTheRowAreNotSeen(int example)
    {
        var model = Text(example);
        using var frozen = no_grad();
        var alone = model.Encode(new(Ids(2, 5)));
        var mask = arange(9).lt(5).expand(2, -1);
        Close(alone, model.Encode(new(cat([Ids(2, 5), full([2, 4], 7L)], 1)) { Mask = mask }).narrow(1, 0, 5));

        var other = Ids(3, 4).narrow(0, 2, 1).expand(2, -1);
        var packed = model.Encode(new(cat([Ids(2, 5), other], 1)) { Segments = arange(9).ge(5).to(ScalarType.Int64).expand(2, -1) });
        Close(alone, packed.narrow(1, 0, 5));
        Close(model.Encode(new(other)), packed.narrow(1, 5, 4));
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void VectorsHaveSeenWhatTheirEncoderSays(int example)
    {
        var model = Text(example);
        using var frozen = no_grad();
        var ids = Ids(1, 8);
        var changed = ids.clone();
        changed[0, 4] = 30;
        var same = model.Encode(new(ids)).sub(model.Encode(new(changed))).abs().lt(1e-6);
        var (before, after, half) = (same.narrow(1, 0, 4), same.narrow(1, 5, 3), (long)model.Width / 2);
        switch (s_all[example].Encoder.Sight)
        {
            case Sight.Past:
                Assert.True(before.all().item<bool>());
                Assert.False(after.all().item<bool>());
                break;
            case Sight.Halves:
                Assert.True(before.narrow(2, 0, half).all().item<bool>());
                Assert.False(before.narrow(2, half, half).all().item<bool>());
                Assert.True(after.narrow(2, half, half).all().item<bool>());
                Assert.False(after.narrow(2, 0, half).all().item<bool>());
                break;
            default:
                Assert.False(before.all().item<bool>());
                break;
        }
    }

    /// <summary>The library's own bidirectional layers, which know neither padding nor documents.</summary>
    [Fact]
    public void RecurrentLayersBothWaysAreTheTensorLibrarys()
    {
        using var frozen = no_grad();
        var part = new RecurrentPartConfig { Width = 6, Layers = 2, Direction = ReadingDirection.Both }.Build(4);
        part.Start(new(3));
        var reference = nn.LSTM(4, 3, 2, batchFirst: true, bidirectional: true);
        foreach (var (name, parameter) in part.named_parameters())
        {
            // forwards.1.weight_ih_l0 is weight_ih_l1, backwards.1.weight_ih_l0 is weight_ih_l1_reverse
            var words = name.Split('.');
            reference.get_parameter(words[2].Replace("l0", $"l{words[1]}", StringComparison.Ordinal) + (words[0] == "backwards" ? "_reverse" : ""))!.copy_(parameter);
        }

        var x = linspace(-1, 1, 40).view(2, 5, 4).mul(7).sin();
        Close(reference.call(x).Item1, part.Encode(new(x)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void GatedConvolutionsAreTheirFormula(bool causal)
    {
        using var frozen = no_grad();
        var part = new GatedCnnPartConfig { Width = 4, Layers = 2, BlockSize = 2, Causal = causal }.Build(4);
        part.Start(new(3));
        foreach (var (_, parameter) in part.named_parameters().Where(p => p.name.EndsWith("bias", StringComparison.Ordinal)))
        {
            parameter.copy_(linspace(-1, 1, parameter.numel()));
        }

        var x = linspace(-1, 1, 24).view(1, 6, 4).mul(9).sin();
        var expected = x;
        for (var layer = 0; layer < 2; layer++)
        {
            var (weight, bias) = (part.get_parameter($"layers.{layer}.weight")!, part.get_parameter($"layers.{layer}.bias")!);
            var rows = new List<Tensor>();
            for (var at = 0; at < 6; at++)
            {
                var sum = bias.clone();
                for (var k = 0; k < 3; k++)
                {
                    var from = at + k - (causal ? 2 : 1);
                    sum = from is >= 0 and < 6 ? sum + weight.select(2, k).matmul(expected[0, from]) : sum;
                }

                rows.Add(sum.narrow(0, 0, 4) * sum.narrow(0, 4, 4).sigmoid());
            }

            expected = stack(rows).unsqueeze(0);
        }

        Close(expected + x, part.Encode(new(x)));
    }

    [Fact]
    public void SinusoidalPositionsAreTheirFormula()
    {
        var positions = new SinusoidalPositions(6);
        var added = positions.Embed(zeros(1, 4, 6), 3, null);
        for (var at = 0; at < 4; at++)
        {
            for (var i = 0; i < 6; i++)
            {
                var angle = (3 + at) / Math.Pow(10000, 2 * (i / 2) / 6.0);
                Assert.Equal(i % 2 == 0 ? Math.Sin(angle) : Math.Cos(angle), added[0, at, i].item<float>(), 1e-5);
            }
        }

        Close(added.narrow(1, 1, 1), positions.Embed(zeros(1, 1, 6), 0, full([1, 1], 4L)));
    }

    [Fact]
    public void SeveralTargetsAreTheirWeightedSum()
    {
        var both = (AssembledText)AssembledConfig.Example.Build(new(1));
        var batch = new TokenBatch(Ids(4, 8)) { TokenTypes = zeros_like(Ids(4, 8)), Relations = arange(4).remainder(2) };
        var loss = TextTargets.Objective(MaskingConfig.Example)(both, batch, new(5));
        var parts = loss.Parts.ToDictionary(p => p.Name, p => p.Value.item<float>());

        Assert.Equal(parts["masked_lm/loss"] + (0.5f * parts["sentence_pair/loss"]), loss.Total.item<float>(), 1e-5f);
        Assert.Contains("sentence_pair/accuracy", parts.Keys);
        Assert.Contains("single texts", Assert.Throws<UserError>(() => TextTargets.Objective(MaskingConfig.Example)(both, batch with { Relations = null }, new(5))).Message, StringComparison.Ordinal);
    }

    /// <summary>The published objectives on a family's model are the targets' on the assembly.</summary>
    [Fact]
    public void TargetsLoseWhatTheirObjectivesLose()
    {
        var encoder = Heirloom.Models.Text.EncoderConfig.Bert(32, 16, 16, 1, 2).Build(new(2));
        var batch = new TokenBatch(Ids(4, 8));
        Assert.Equal(
            MaskedLM.Loss(encoder, new Masking(MaskingConfig.Example).Apply(batch, new(9))).Total.item<float>(),
            TextTargets.Objective(null)((AssembledText)Heirloom.Checkpoints.Zoo.ModelZoo.ToAssembly(encoder), new Masking(MaskingConfig.Example).Apply(batch, new(9)), new(1)).Total.item<float>(), 1e-5f);

        var decoder = Heirloom.Models.Text.DecoderConfig.Gpt2(32, 16, 16, 1, 2).Build(new(2));
        Assert.Equal(
            CausalLM.Objective()(decoder, batch, new(1)).Total.item<float>(),
            TextTargets.Objective(null)((AssembledText)Heirloom.Checkpoints.Zoo.ModelZoo.ToAssembly(decoder), batch, new(1)).Total.item<float>(), 1e-5f);
    }

    /// <summary>The token before is predicted where it is the row's and the document's own.</summary>
    [Fact]
    public void BothDirectionsPredictTheirNeighbours()
    {
        var model = (AssembledText)AssembledConfig.More[1].Build(new(1));
        var target = model.Find<BidirectionalLMTarget>()!;
        var batch = new TokenBatch(Ids(1, 6), Segments: arange(6).ge(4).to(ScalarType.Int64).unsqueeze(0)) { Relations = zeros(1, dtype: ScalarType.Int64) };
        var loss = TextTargets.Objective(null)(model, batch, new(1));
        var chances = target.Before(model.Encode(new(batch.Ids) { Segments = batch.Segments })).log_softmax(-1);
        int[] at = [1, 2, 3, 5];
        var expected = -at.Average(i => chances[0, i, batch.Ids[0, i - 1].item<long>()].item<float>());

        Assert.Equal(expected, loss.Parts.Single(p => p.Name == "bidirectional_lm/backward").Value.item<float>(), 1e-4f);
    }

    [Fact]
    public void HiddenPatchesAreNotSeenAndAloneAreScored()
    {
        using var frozen = no_grad();
        var model = (AssembledImages)AssembledConfig.More.First(c => c.Targets.Any(t => t is MaskedPixelsTargetConfig)).Build(new(1));
        var images = linspace(0, 5, 128).sin().view(2, 1, 8, 8);
        var changed = images.clone();
        changed.narrow(2, 0, 4).narrow(3, 0, 4).fill_(3); // the first patch
        var visible = tensor(new long[] { 1, 2 }).expand(2, -1);
        Close(model.EncodeVisible(images, visible), model.EncodeVisible(changed, visible), 1e-7);
        Assert.False(model.Encode(images).equal(model.Encode(changed)).all().item<bool>());

        var pixels = model.Find<MaskedPixelsTarget>()!;
        var truth = pixels.Truth(images);
        Close(truth.mean([-1]), zeros(2, 4), 1e-5);
        Close(truth.square().sum(-1), full([2, 4], 15f), 1e-2);
    }

    [Fact]
    public void CodesAreTheNearestAndHideBehindTheMaskVector()
    {
        using var frozen = no_grad();
        var model = (AssembledImages)AssembledConfig.More.First(c => c.Targets.Any(t => t is MaskedCodesTargetConfig)).Build(new(1));
        var images = linspace(0, 5, 128).mul(3).sin().view(2, 1, 8, 8);
        var hidden = arange(4).eq(0).expand(2, -1);
        var changed = images.clone();
        changed.narrow(2, 0, 4).narrow(3, 0, 4).fill_(3);
        Close(model.EncodeHidden(images, hidden), model.EncodeHidden(changed, hidden), 1e-7);

        var state = model.state_dict();
        var (projection, codebook) = (state["targets.masked_codes.code_projection"], state["targets.masked_codes.codebook"]);
        Assert.Equal(codebook.shape[0], codebook.square().sum(-1).sum().item<float>(), 1e-3f);
        var patch = images[0, 0].narrow(0, 4, 4).narrow(1, 0, 4).flatten();
        var projected = (patch - patch.mean()).matmul(projection);
        var distances = (codebook - (projected / projected.square().sum().sqrt())).square().sum(-1);
        Assert.Equal(distances.argmin().item<long>(), model.Find<MaskedCodesTarget>()!.Truth(images)[0, 2].item<long>());
    }

    [Fact]
    public void WritingThroughTheCacheIsWritingAtOnce()
    {
        using var frozen = no_grad();
        foreach (var config in s_all.Where(c => c.Decoder is not null))
        {
            var model = (AssembledSequences)config.Build(new(1));
            model.eval();
            var source = model.Hears ? linspace(0, 60, 256).sin().view(2, 128) : Ids(2, 7);
            var mask = model.Hears ? arange(128).lt(100).expand(2, -1) : arange(7).lt(5).expand(2, -1);
            var memory = model.EncodeSource(source, mask);
            var target = Ids(2, 6);
            var whole = model.Decode(target, memory, model.MemoryMask(mask));
            using var cache = model.NewCache(memory, model.MemoryMask(mask), 6);
            Close(whole, cat([model.Decode(target.narrow(1, 0, 4), cache), model.Decode(target.narrow(1, 4, 1), cache), model.Decode(target.narrow(1, 5, 1), cache)], 1));
        }
    }

    [Fact]
    public void LowRankAdaptersAttachAndMerge()
    {
        using var frozen = no_grad();
        var model = (AssembledText)AssembledConfig.Example.Build(new(1));
        model.to(ScalarType.Float64);
        model.eval();
        var before = model.Head(model.Encode(new(Ids(2, 6))));
        var lora = new LoraConfig { Rank = 2, TargetModules = ["query", "value"], Initialization = LoraInitialization.Random };
        using var adapter = lora.Build(model, new(3)).to(ScalarType.Float64);
        adapter.eval();
        adapter.Attach(model);
        var adapted = model.Head(model.Encode(new(Ids(2, 6))));
        Assert.True(adapted.sub(before).abs().max().item<double>() > 1e-3);
        adapter.Merge(model);
        Assert.True(adapted.sub(model.Head(model.Encode(new(Ids(2, 6))))).abs().max().item<double>() < 1e-12);
    }

    [Fact]
    public void WorkersMakeTheStepOfTheWholeBatch()
    {
        var batch = new TokenBatch(Ids(5, 8));
        (float Loss, float[] Gradient) Step(Objective<AssembledText, TokenBatch> objective)
        {
            var model = (AssembledText)With(new RecurrentPartConfig { Width = 16, Cell = RecurrentCell.Gru }, new CausalLMTargetConfig()).Build(new(1));
            var loss = objective(model, batch, new(1));
            loss.Total.backward();
            return (loss.Total.item<float>(), [.. model.parameters().Where(p => p.grad is not null).SelectMany(p => p.grad!.contiguous().data<float>().ToArray())]);
        }

        var (loss, gradient) = Step(TextTargets.Objective(null));
        var (shared, summed) = Step(DataParallel.Over(TextTargets.Objective(null), 2));
        Assert.Equal(loss, shared, 1e-5f);
        Assert.All(gradient.Zip(summed), g => Assert.Equal(g.First, g.Second, 1e-6f));
    }

    public static TheoryData<string, string> Misfits => new()
    {
        { "sees the tokens", "targets: [{ kind: causal_lm }]" },
        { "directions that do not meet", "targets: [{ kind: bidirectional_lm }]" },
        { "would read what", "encoder: { kind: recurrent, width: 16 }\ntargets: [{ kind: masked_lm }, { kind: causal_lm }]" },
        { "comes twice", "targets: [{ kind: masked_lm }, { kind: masked_lm }]" },
        { "masked_pixels needs patches", "targets: [{ kind: masked_pixels, layers: 1, block: { width: 16, attention: { heads: 2 }, feed_forward: { width: 16 } } }]" },
        { "compares two streams", "targets: [{ kind: contrast, width: 4 }]" },
        { "read vectors of width 16", "encoder: { kind: transformer, layers: 1, block: { width: 8, attention: { heads: 2 }, feed_forward: { width: 16 } } }\ntargets: [{ kind: masked_lm }]" },
        { "act on embeddings", "encoder: { kind: transformer, layers: 1, positions: { kind: learned }, block: { width: 16, attention: { heads: 2 }, feed_forward: { width: 16 } } }\ntargets: [{ kind: masked_lm }]" },
        { "no middle", "encoder: { kind: gated_cnn, width: 16, layers: 1, kernel: 4, causal: false }\ntargets: [{ kind: masked_lm }]" },
        { "share a width of 5", "encoder: { kind: recurrent, width: 5, direction: both }\ntargets: [{ kind: masked_lm }]" },
        { "no decoder that reads it", "target_embedding: { width: 16, parts: [{ kind: word, vocabulary_size: 8 }] }\ntargets: [{ kind: masked_lm }]" },
        { "do not fit vectors of width", "encoder: { kind: recurrent, width: 8 }\ntargets: [{ kind: causal_lm, tied: true }]" },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void PartsThatDoNotFitAreRefused(string expected, string parts)
    {
        var encoder = parts.StartsWith("encoder", StringComparison.Ordinal) ? "" : "encoder: { kind: transformer, layers: 1, block: { width: 16, attention: { heads: 2 }, feed_forward: { width: 16 } } }\n";
        var config = Settings.Parse<ModelConfig>($"kind: assembled\nembedding: {{ width: 16, context_length: 8, parts: [{{ kind: word, vocabulary_size: 8 }}] }}\n{encoder}{parts}\n", "test");
        Assert.Contains(expected, Assert.Throws<UserError>(() => config.Build(new(1))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("makes no vectors", "[{ kind: position }]")]
    [InlineData("two parts read", "[{ kind: word, vocabulary_size: 8 }, { kind: patch, image_size: 8, patch_size: 4 }]")]
    [InlineData("act on attention", "[{ kind: word, vocabulary_size: 8 }, { kind: position, positions: { kind: rotary } }]")]
    [InlineData("no longest length", "[{ kind: word, vocabulary_size: 8 }, { kind: position }]")]
    [InlineData("behind a vector", "[{ kind: patch, image_size: 8, patch_size: 4 }]")]
    public void EmbeddingsThatDoNotFitAreRefused(string expected, string parts)
    {
        var config = Settings.Parse<ModelConfig>($"kind: assembled\nembedding: {{ width: 16, parts: {parts} }}\nencoder: {{ kind: recurrent, width: 16 }}\ntargets: [{{ kind: masked_codes }}]\n", "test");
        Assert.Contains(expected, Assert.Throws<UserError>(() => config.Build(new(1))).Message, StringComparison.Ordinal);
    }
}
