using System.Collections.Immutable;
using Heirloom.Layers;
using Heirloom.Models.Parts;
using static TorchSharp.torch;

namespace Heirloom.Checkpoints.Hub;

/// <summary>Names of tensors in the zoos of UER and TencentPretrain.</summary>
/// <param name="assembly">Whose.</param>
/// <param name="early">As UER's first versions called them.</param>
internal sealed class TencentPretrainKeys(AssembledConfig assembly, bool early)
{
    private readonly KeyMap _map = new();

    public KeyMap Map()
    {
        Embeddings();
        switch (assembly.Encoder)
        {
            case TransformerPartConfig transformer:
                Transformer(transformer);
                break;
            case RecurrentPartConfig recurrent:
                Recurrent(recurrent);
                break;
            default:
                break;
        }

        foreach (var target in assembly.Targets)
        {
            Target(target);
        }

        return _map;
    }

    private long Hidden => assembly.Encoder switch
    {
        TransformerPartConfig transformer => transformer.Block.Width,
        RecurrentPartConfig recurrent => recurrent.Width,
        _ => throw new InvalidOperationException("another layout's encoder"),
    };

    private string Words => early ? "embedding.word_embedding.weight" : "embedding.word.embedding.weight";

    private long Vocabulary => assembly.Embedding.Parts.OfType<WordPartConfig>().First().VocabularySize;

    private void Embeddings()
    {
        var (embedding, width) = (assembly.Embedding, (long)assembly.Embedding.Width);
        _map.Add("embedding.word.table.weight", Words, Vocabulary, width);
        if (embedding.Parts.OfType<PositionPartConfig>().FirstOrDefault()?.Positions is LearnedPositionsConfig positions)
        {
            // their table begins with position 0
            _map.Add(new KeyRule(early ? "embedding.position_embedding.weight" : "embedding.pos.embedding.weight",
                [new("embedding.position.positions.weight", [embedding.ContextLength!.Value + positions.Offset, width])], new OtherRows(-positions.Offset, 0)));
        }

        if (embedding.Parts.OfType<SegmentPartConfig>().FirstOrDefault() is { } segments)
        {
            _map.Add(new KeyRule(early ? "embedding.segment_embedding.weight" : "embedding.seg.embedding.weight", [new("embedding.segment.table.weight", [segments.Types, width])], new OtherRows(1, Math.Max(0, 2 - segments.Types))));
        }

        if (embedding.Norm is not null)
        {
            Norm("embedding.norm", "embedding.layer_norm", width, new LayerNormConfig());
        }

        if (embedding.OutputWidth is { } output)
        {
            _map.AddLinear("embedding.projection", "encoder.linear", width, output, bias: true);
        }
    }

    private void Transformer(TransformerPartConfig transformer)
    {
        var (block, (queries, keys)) = (transformer.Block, HubBlocks.Widths(transformer.Block));
        long width = block.Width, inner = block.FeedForward.Width;
        for (var i = 0; i < (transformer.Sharing is null ? transformer.Layers : 1); i++)
        {
            var (ours, theirs) = ($"encoder.layers.{i}", transformer.Sharing is null ? $"encoder.transformer.{i}" : "encoder.transformer");
            Projection($"{ours}.attention.query", $"{theirs}.self_attn.linear_layers.0", width, queries, block.Attention.Heads);
            Projection($"{ours}.attention.key", $"{theirs}.self_attn.linear_layers.1", width, keys, block.Attention.KeyHeads());
            _map.AddLinear($"{ours}.attention.value", $"{theirs}.self_attn.linear_layers.2", width, keys, block.Attention.ValueBias)
                .AddLinear($"{ours}.attention.output", $"{theirs}.self_attn.final_linear", queries, width, block.Attention.OutputBias)
                .AddLinear($"{ours}.feed_forward.up", $"{theirs}.feed_forward.linear_1", width, inner, block.FeedForward.Bias)
                .AddLinear($"{ours}.feed_forward.down", $"{theirs}.feed_forward.linear_2", inner, width, block.FeedForward.Bias);
            if (block.FeedForward.Gated)
            {
                _map.AddLinear($"{ours}.feed_forward.gate", $"{theirs}.feed_forward.linear_gate", width, inner, block.FeedForward.Bias);
            }

            Norm($"{ours}.attention_norm", $"{theirs}.layer_norm_1", width, block.Norm);
            Norm($"{ours}.feed_forward_norm", $"{theirs}.layer_norm_2", width, block.Norm);
        }

        if (block.Placement == NormPlacement.Pre)
        {
            Norm("encoder.norm", "encoder.layer_norm", width, block.Norm);
        }

        if (transformer.Positions is RelativePositionsConfig relative)
        {
            _map.Add("encoder.positions.weight", "encoder.relative_pos_emb.relative_attention_bias.weight", relative.Buckets, block.Attention.Heads);
        }

        // with rotary positions they turn neighbouring coordinates, and we those that are half a head apart
        void Projection(string ours, string theirs, long inputs, long outputs, int heads)
        {
            if (transformer.Positions is not RotaryPositionsConfig)
            {
                _map.AddLinear(ours, theirs, inputs, outputs, block.Attention.QueryBias);
                return;
            }

            _map.Add(new KeyRule($"{theirs}.weight", [new($"{ours}.weight", [outputs, inputs])], new NeighboringPairs(heads)));
            if (block.Attention.QueryBias)
            {
                _map.Add(new KeyRule($"{theirs}.bias", [new($"{ours}.bias", [outputs])], new NeighboringPairs(heads)));
            }
        }
    }

    private void Recurrent(RecurrentPartConfig recurrent)
    {
        var separate = recurrent.Direction == ReadingDirection.Separate;
        long half = recurrent.Direction == ReadingDirection.Forward ? recurrent.Width : recurrent.Width / 2, gates = recurrent.Cell switch { RecurrentCell.Lstm => 4, RecurrentCell.Gru => 3, _ => 1 };
        long inputs = assembly.Embedding.OutputWidth ?? assembly.Embedding.Width;
        for (var i = 0; i < recurrent.Layers; i++, inputs = separate ? half : recurrent.Width)
        {
            Layer($"encoder.forwards.{i}", separate ? "encoder.rnn_forward" : "encoder.rnn", "");
            if (recurrent.Direction != ReadingDirection.Forward)
            {
                Layer($"encoder.backwards.{i}", separate ? "encoder.rnn_backward" : "encoder.rnn", separate ? "" : "_reverse");
            }

            void Layer(string ours, string theirs, string end) => _map
                .Add($"{ours}.weight_ih_l0", $"{theirs}.weight_ih_l{i}{end}", gates * half, inputs)
                .Add($"{ours}.weight_hh_l0", $"{theirs}.weight_hh_l{i}{end}", gates * half, half)
                .Add($"{ours}.bias_ih_l0", $"{theirs}.bias_ih_l{i}{end}", gates * half)
                .Add($"{ours}.bias_hh_l0", $"{theirs}.bias_hh_l{i}{end}", gates * half);
        }
    }

    private void Target(TargetConfig target)
    {
        switch (target)
        {
            case MaskedLMTargetConfig masked:
                var inner = masked.Tied ? assembly.Embedding.Width : Hidden;
                _map.AddLinear("targets.masked_lm.transform", early ? "target.mlm_linear_1" : "target.mlm.linear_1", Hidden, inner, bias: true);
                Norm("targets.masked_lm.norm", early ? "target.layer_norm" : "target.mlm.layer_norm", inner, masked.Norm);
                Vocabularies("targets.masked_lm", early ? "target.mlm_linear_2" : "target.mlm.linear_2", inner, masked.Tied, bias: true);
                break;
            case CausalLMTargetConfig causal:
                Vocabularies("targets.causal_lm", early ? "target.output_layer" : "target.lm.output_layer", Hidden, causal.Tied, causal.Bias);
                break;
            case BidirectionalLMTargetConfig both:
                Vocabularies("targets.bidirectional_lm", early ? "target.output_layer" : "target.bilm.output_layer", Hidden / 2, tied: false, both.Bias);
                break;
            case SentencePairTargetConfig pairs:
                _map.AddLinear("targets.sentence_pair.pooler", early ? "target.nsp_linear_1" : "target.sp.linear_1", Hidden, Hidden, bias: true)
                    .AddLinear("targets.sentence_pair.classifier", early ? "target.nsp_linear_2" : "target.sp.linear_2", Hidden, pairs.Classes, bias: true);
                break;
            case ClassificationTargetConfig classes:
                _map.AddLinear("targets.classification.transform", early ? "target.linear_1" : "target.cls.linear_1", Hidden, Hidden, bias: true)
                    .AddLinear("targets.classification.classifier", early ? "target.linear_2" : "target.cls.linear_2", Hidden, classes.Classes, bias: true);
                break;
            default:
                break;
        }
    }

    private void Vocabularies(string ours, string theirs, long width, bool tied, bool bias)
    {
        _ = tied ? _map.Copy($"{theirs}.weight", Words) : _map.Add($"{ours}.head.weight", $"{theirs}.weight", Vocabulary, width);
        if (bias)
        {
            _map.Add($"{ours}.head.bias", $"{theirs}.bias", Vocabulary);
        }
    }

    /// <summary>Theirs call a layer norm's weight gamma and its bias beta; files of their other layer norm, and of RMS norm, say weight and bias.</summary>
    private void Norm(string ours, string theirs, long width, NormConfig norm)
    {
        if (norm is RmsNormConfig)
        {
            _map.Add($"{ours}.weight", $"{theirs}.weight", width);
            return;
        }

        _map.Add($"{ours}.weight", $"{theirs}.gamma", width).Add($"{ours}.bias", $"{theirs}.beta", width)
            .Legacy($"{theirs}.weight", $"{theirs}.gamma").Legacy($"{theirs}.bias", $"{theirs}.beta");
    }
}

/// <summary>A table in which the file has more rows (of zeros), or fewer, than we: their segments count from 1, after a row for padding, and are two.</summary>
/// <param name="Before">More rows before the first; negative for fewer, which are zeros in ours.</param>
/// <param name="After">More rows after the last.</param>
internal sealed record OtherRows(int Before, int After) : HubTransform
{
    public override string? Description => Before == 0 && After == 0 ? null : "with other rows for padding";

    public override ImmutableArray<long> Shape(IReadOnlyList<ImmutableArray<long>> ours) => ours[0].SetItem(0, ours[0][0] + Before + After);

    public override Tensor Join(IReadOnlyList<Tensor> ours) => nn.functional.pad(ours[0], [0, 0, Before, After]);

    public override IReadOnlyList<Tensor> Split(Tensor hub, IReadOnlyList<ImmutableArray<long>> shapes) => [nn.functional.pad(hub, [0, 0, -Before, -After])];
}

/// <summary>Each head's outputs in pairs of neighbours, where ours has the first halves of all pairs before the second ones.</summary>
internal sealed record NeighboringPairs(int Heads) : HubTransform
{
    public override string Description => "pairs that rotate taken apart";

    public override ImmutableArray<long> Shape(IReadOnlyList<ImmutableArray<long>> ours) => ours[0];

    public override Tensor Join(IReadOnlyList<Tensor> ours) => ours[0].unflatten(0, [Heads, 2, -1]).transpose(1, 2).flatten(0, 2);

    public override IReadOnlyList<Tensor> Split(Tensor hub, IReadOnlyList<ImmutableArray<long>> shapes) =>
        [hub.unflatten(0, [Heads, -1, 2]).transpose(1, 2).flatten(0, 2)];
}
