using System.Runtime.Intrinsics;
using Heirloom.Adaptation.Peft;
using Heirloom.Generation;
using Heirloom.Generation.Cpu;
using Heirloom.Models.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Generation.Cpu;

/// <summary>Kernels against the tensor library.</summary>
public class KernelDecodingTests
{
    private const int Vocabulary = 37;

    private static readonly int[][] _short = [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 11]];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> Forms => [.. KernelForms.All.Keys];

    [Theory, MemberData(nameof(Forms))]
    public void LogitsAreThoseOfTheTensorLibrary(string form)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var model = KernelForms.Build(form);
        var rows = Prompts(model).Select((p, i) => new Row(model, p)).ToList();
        using var session = DecodingSession.Open(model, Prompts(model), 14, DecodingEngine.Kernels);
        var logits = session.Start();
        for (var step = 0; step < 14; step++)
        {
            for (var b = 0; b < rows.Count; b++)
            {
                AssertClose(rows[b].Logits, logits[b], 1e-4);
            }

            if (step == 13)
            {
                Assert.True(session.IsFull);
                return;
            }

            if (step == 5)
            {
                // one row leaves, one comes twice, and they change places
                session.Keep([2, 0, 2]);
                rows = [rows[2], rows[0], rows[2].Fork()];
            }

            var next = rows.Select((_, b) => (long)((step * 7) + (b * 3)) % Vocabulary).ToArray();
            for (var b = 0; b < rows.Count; b++)
            {
                rows[b].Read(next[b]);
            }

            logits = session.Step(next);
        }
    }

    [Theory, MemberData(nameof(Forms))]
    public void GreedyTextIsThatOfTheTensorLibrary(string form)
    {
        using var model = KernelForms.Build(form);
        int[][] prompts = [[3, 1, 4, 1, 5]];
        var config = new GenerationConfig { MaxTokens = 16, Sampling = SamplingConfig.Greedy, Engine = DecodingEngine.Torch };
        var expected = new TokenGenerator(model).Generate(prompts, config, new Seed(1), stop: Stop)[0];
        var got = new TokenGenerator(model).Generate(prompts, config with { Engine = DecodingEngine.Kernels }, new Seed(1), stop: Stop)[0];
        Assert.Equal(expected.Ids, got.Ids);
        Assert.All(expected.LogProbabilities.Zip(got.LogProbabilities), p => Assert.Equal(p.First, p.Second, 1e-4));
    }

    [Theory]
    [InlineData("wide llama")]
    [InlineData("wide windows")]
    [InlineData("wide gpt2")]
    [InlineData("olmo2")]
    public void NeitherThreadsNorNeighborsChangeABit(string form)
    {
        using var model = KernelForms.Build(form);
        using var weights = new DecoderWeights(model);
        var text = Enumerable.Range(0, Math.Min(70, model.ContextLength)).Select(i => i * 11 % Vocabulary).ToArray();
        var expected = Bits(Read(DecoderForward.Best(weights, text.Length, 1), text, 64));
        foreach (var threads in new[] { 2, 3 })
        {
            Assert.Equal(expected, Bits(Read(DecoderForward.Best(weights, text.Length, threads), text, 64)));
        }

        // one by one, or five by five, is as at once
        Assert.Equal(expected, Bits(Read(DecoderForward.Best(weights, text.Length, 1), text, 1)));
        Assert.Equal(expected, Bits(Read(DecoderForward.Best(weights, text.Length, 2), text, 5)));

        using var scope = NewDisposeScope();
        using var alone = DecodingSession.Open(model, [_short[2]], 1, DecodingEngine.Kernels);
        using var together = DecodingSession.Open(model, _short, 1, DecodingEngine.Kernels);
        Assert.Equal(Bits(alone.Start()[0]), Bits(together.Start()[2]));
    }

    [Fact]
    public void LayersInAnotherOrderAreLeftToTheTensorLibrary()
    {
        using var model = KernelForms.Build("wide llama");
        Assert.Equal(DecodingEngine.Kernels, DecodingSession.Choose(model));
        model.Order = [0];
        Assert.Equal(DecodingEngine.Torch, DecodingSession.Choose(model));
    }

    [Theory]
    [InlineData(DecodingEngine.Torch)]
    [InlineData(DecodingEngine.Kernels)]
    public void WhatCannotBeReadIsRefusedAndASecondDisposeDoesNothing(DecodingEngine engine)
    {
        using var model = KernelForms.Build("wide llama");
        var training = model.training;
        Assert.Throws<UserError>(() => DecodingSession.Open(model, [_short[0]], 0, engine));
        using (var session = DecodingSession.Open(model, [_short[0]], 4, engine))
        {
            Assert.False(model.training);
            Assert.False(is_grad_enabled());
            session.Start().Dispose();
            Assert.ThrowsAny<Exception>(() => session.Step([-1]));
            Assert.ThrowsAny<Exception>(() => session.Step([model.VocabularySize]));
            session.Dispose();
        }

        Assert.Equal(training, model.training);
    }

    [Theory, MemberData(nameof(Forms))]
    public void AnyWidthOfVectorsGivesTheSame(string form)
    {
        using var model = KernelForms.Build(form);
        using var weights = new DecoderWeights(model);
        using var scope = NewDisposeScope();
        int[] text = [.. Enumerable.Range(0, 20).Select(i => i * 11 % Vocabulary)];
        var of512 = Read(new DecoderForward<Simd512, Vector512<float>>(weights, text.Length, 1), text, 7);
        AssertClose(of512, Read(new DecoderForward<Simd256, Vector256<float>>(weights, text.Length, 1), text, 7), 1e-4);
        AssertClose(of512, Read(new DecoderForward<Simd128, Vector128<float>>(weights, text.Length, 1), text, 7), 1e-4);
    }

    [Theory]
    [InlineData("wide llama")]
    [InlineData("wide gpt2")]
    [InlineData("falcon")]
    public void HalfTheBytesAreReadAsTheyAre(string form)
    {
        using var scope = NewDisposeScope();
        var model = KernelForms.Build(form);
        model.to(ScalarType.BFloat16);
        using var session = DecodingSession.Open(model, _short, 2, DecodingEngine.Kernels);
        var (first, second) = (session.Start().clone(), session.Step([1, 2, 3]).clone());
        model.to(ScalarType.Float32); // the same numbers: what the kernels compute with them is float32
        using var wide = DecodingSession.Open(model, _short, 2, DecodingEngine.Torch);
        AssertClose(wide.Start(), first, 1e-4);
        AssertClose(wide.Step([1, 2, 3]), second, 1e-4);
    }

    [Fact]
    public void WhatTheKernelsLackIsComputedByTheTensorLibrary()
    {
        using var llama = KernelForms.Build("llama");
        Assert.Equal(DecodingEngine.Kernels, DecodingSession.Choose(llama));
        Assert.Equal(DecodingEngine.Torch, DecodingSession.Choose(llama, DecodingEngine.Torch));

        using (var adapter = (Adapter)new LoraConfig { Rank = 2, TargetModules = ["q_proj"] }.Build(llama, new Seed(1)))
        {
            adapter.Attach(llama);
            Gap("an adapter or a hook acts in a Linear");
            adapter.Detach();
            Assert.Equal(DecodingEngine.Kernels, DecodingSession.Choose(llama));
        }

        llama.Virtual = new(zeros(2, llama.Width));
        Gap("it reads a prefix before every text");
        llama.Virtual = null;

        var order = llama.Order;
        llama.Order = [0, 0];
        Gap("its layers run in another order than they stand in");
        llama.Order = order;

        llama.to(ScalarType.Float64);
        Gap("its weights are Float64");
        llama.to(ScalarType.Float32);

        void Gap(string why)
        {
            Assert.Equal(DecodingEngine.Torch, DecodingSession.Choose(llama));
            var error = Assert.Throws<UserError>(() => DecodingSession.Open(llama, _short, 1, DecodingEngine.Kernels));
            Assert.Contains($"the kernels do not cover this model: {why}", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void OtherHooksAreSeenToo()
    {
        using var llama = KernelForms.Build("llama");
        var block = llama.modules().OfType<Heirloom.Layers.TransformerBlock>().First();
        foreach (var hook in (Func<Action>[])
        [
            () => block.register_forward_pre_hook((_, x, context, layer) => (x, context, layer)).remove,
            () => block.register_forward_hook((_, _, _, _, y) => y).remove,
            () => llama.modules().OfType<TorchSharp.Modules.Embedding>().First().register_forward_hook((_, _, y) => y).remove,
        ])
        {
            var remove = hook();
            Assert.Equal(DecodingEngine.Torch, DecodingSession.Choose(llama));
            remove();
            Assert.Equal(DecodingEngine.Kernels, DecodingSession.Choose(llama));
        }
    }

    [Fact]
    public void LeavesNoTensorsBehind()
    {
        using var model = KernelForms.Build("wide llama");
        void Use()
        {
            using var session = DecodingSession.Open(model, _short, 4, DecodingEngine.Kernels);
            session.Start().Dispose();
            session.Keep([2, 2, 0, 1]);
            session.Step([1, 1, 2, 3]).Dispose();
        }

        Use();
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Use();
        Assert.Equal(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void MayOutliveItsModel()
    {
        using var scope = NewDisposeScope();
        var model = KernelForms.Build("wide llama");
        using var session = DecodingSession.Open(model, _short, 4, DecodingEngine.Kernels);
        var expected = Bits(session.Start());
        model.Dispose();
        using var others = KernelForms.Build("wide gpt2"); // would take the memory
        Assert.Equal(expected, Bits(session.Start()));
    }

    [Fact]
    public void RefusesMoreThanWasAskedFor()
    {
        using var scope = NewDisposeScope();
        using var model = KernelForms.Build("llama");
        using var session = DecodingSession.Open(model, [[1, 2]], 2, DecodingEngine.Kernels);
        session.Start();
        session.Step([3]);
        Assert.True(session.IsFull);
        Assert.Contains("4 positions do not fit a cache of 3", Assert.Throws<UserError>(() => session.Step([3])).Message, StringComparison.Ordinal);
    }

    private static int[][] Prompts(Decoder model) => model.ContextLength < 100
        ? [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 11]]
        : [[1, 2, 3], [.. Enumerable.Range(0, 75).Select(i => i * 5 % Vocabulary)], [.. Enumerable.Range(0, 140).Select(i => i * 7 % Vocabulary)]];

    private static unsafe Tensor Read(DecoderForward forward, int[] text, int atOnce)
    {
        using var _ = forward;
        var (block, layers) = (forward.Weights.Config.Block, forward.Weights.Config.Layers);
        using var row = new RowCache(layers, block.Attention.KeyHeads(), block.Attention.HeadWidthOf(block.Width), text.Length);
        var logits = zeros(1, forward.Weights.Head.Outputs);
        fixed (byte* to = logits.bytes)
        {
            for (var at = 0; at < text.Length; at += atOnce)
            {
                var count = Math.Min(atOnce, text.Length - at);
                forward.Read([new(row, at, 0, count, text.Length, 0)], text.AsSpan(at, count), (float*)to);
            }
        }

        return logits;
    }

    private static byte[] Bits(Tensor tensor) => tensor.contiguous().bytes.ToArray();

    private static void AssertClose(Tensor expected, Tensor got, double tolerance) =>
        Assert.InRange(expected.sub(got).abs().max().item<float>(), 0, tolerance);

    /// <summary>The oracle: a row alone, through the model's own cache.</summary>
    private sealed class Row
    {
        private readonly Decoder _model;
        private readonly int[] _prompt;
        private readonly List<long> _read = [];
        private readonly Heirloom.Layers.KeyValueCache _cache;

        public Row(Decoder model, int[] prompt)
        {
            (_model, _prompt) = (model, prompt);
            _cache = model.NewCache(1, model.ContextLength);
            Logits = Next([.. prompt.Select(i => (long)i)]);
        }

        public Tensor Logits { get; private set; }

        public void Read(long id)
        {
            _read.Add(id);
            Logits = Next([id]);
        }

        public Row Fork()
        {
            var copy = new Row(_model, _prompt);
            _read.ForEach(copy.Read);
            return copy;
        }

        private Tensor Next(long[] ids) => _model.Head(_model.Encode(tensor(ids).unsqueeze(0), _cache)[0, -1]);
    }
}
