using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Parts;

namespace Heirloom.Checkpoints.Hub;

/// <summary>
/// Models of the zoos of UER (Zhao et al. 2019) and TencentPretrain (Zhao et al. 2023), which name their parts: words with positions and segments, a transformer or
/// recurrent layers, and <c>mlm</c>, <c>sp</c>, <c>lm</c>, <c>bilm</c> or <c>cls</c>. Names of UER's first versions are read too.
/// </summary>
/// <remarks>
/// Their own layer norm divides by the unbiased deviation plus ε where ours (and everybody else's) divides by the root of variance plus ε: weights are moved as their
/// own converters move them, and outputs agree in as many digits as theirs do after conversion. What their files leave to their commands' arguments stands in keys of
/// the same names; the vocabulary's size is that of <c>vocab.txt</c> beside the configuration where no key says it.
/// </remarks>
public sealed class TencentPretrainLayout : HubLayout
{
    public const string Name = "tencentpretrain";

    private const double Epsilon = 1e-6;

    /// <summary>What their tools take as given, and other families do not.</summary>
    private const string OffsetKey = "position_offset", PaddingKey = "position_padding_id", KeyHeadsKey = "local_kv_heads_num", SegmentsKey = "segments_num";

    private static readonly FrozenDictionary<string, RecurrentCell> s_cells = new Dictionary<string, RecurrentCell>
    {
        ["rnn"] = RecurrentCell.Rnn, ["lstm"] = RecurrentCell.Lstm, ["gru"] = RecurrentCell.Gru,
    }.ToFrozenDictionary();

    private static readonly Dictionary<string, Pooling> s_poolings = new() { ["first"] = Pooling.First, ["last"] = Pooling.Last, ["mean"] = Pooling.Mean };

    public override ImmutableArray<string> ModelTypes => [Name, "uer"];

    /// <summary>Their files say no model type, but sizes under names of their own.</summary>
    public override bool Reads(HubConfig config) => base.Reads(config) || (config.ModelType.Length == 0 && config.Has("emb_size") && config.Has("layers_num"));

    public override ModelConfig ReadConfig(HubConfig config)
    {
        config.Only("decoder", "none");
        config.Only("has_residual_attention", "false");
        var (width, narrow) = (config.Size("hidden_size"), config.Size("emb_size"));
        var dropout = config.Number("dropout", 0.1, 0, 0.999);
        var factorized = config.Flag("factorized_embedding_parameterization", false);
        var length = config.Size("max_seq_length", 512);
        return new AssembledConfig
        {
            HubFamily = ModelTypes[0],
            Embedding = new()
            {
                Width = narrow,
                ContextLength = length,
                Parts = [.. Words(config, "embedding", "word_pos_seg").Select(name => Part(config, name))],
                Norm = config.Flag("remove_embedding_layernorm", false) ? null : new LayerNormConfig { Epsilon = config.Number("embedding_layernorm_eps", Epsilon, double.Epsilon, 1) },
                Dropout = dropout,
                OutputWidth = factorized ? width : null,
            },
            Encoder = Encoder(config, width, dropout),
            Targets = [.. Words(config, "target", "mlm").Select(name => TargetOf(config, name))],
        };
    }

    public override JsonObject WriteConfig(ModelConfig config)
    {
        var assembly = (AssembledConfig)config;
        var (embedding, words) = (assembly.Embedding, assembly.Embedding.Parts.OfType<WordPartConfig>().First());
        var json = new JsonObject
        {
            ["model_type"] = ModelTypes[0],
            ["vocab_size"] = words.VocabularySize,
            ["emb_size"] = embedding.Width,
            ["hidden_size"] = embedding.OutputWidth ?? embedding.Width,
            ["max_seq_length"] = embedding.ContextLength,
            ["dropout"] = embedding.Dropout,
            ["embedding"] = new JsonArray([.. embedding.Parts.Select(p => (JsonNode)NameOf(p))]),
            ["target"] = new JsonArray([.. assembly.Targets.Select(t => (JsonNode)NameOf(t))]),
        };
        if (embedding.OutputWidth is not null)
        {
            json["factorized_embedding_parameterization"] = true;
        }

        if (embedding.Norm is null)
        {
            json["remove_embedding_layernorm"] = true;
        }
        else
        {
            json["embedding_layernorm_eps"] = embedding.Norm.Epsilon;
        }

        switch (assembly.Encoder)
        {
            case TransformerPartConfig transformer:
                Write(json, transformer, assembly.Targets.OfType<CausalLMTargetConfig>().Any(t => t.Prefix));
                break;
            case RecurrentPartConfig recurrent:
                json["encoder"] = (recurrent.Direction == ReadingDirection.Separate ? "bi" : "") + Settings.SnakeCase(recurrent.Cell.ToString());
                json["bidirectional"] = recurrent.Direction == ReadingDirection.Both;
                json["hidden_size"] = recurrent.Width;
                json["layers_num"] = recurrent.Layers;
                break;
            default:
                throw new UserError("their zoo has no such encoder", HubFolder.ConfigFile);
        }

        foreach (var part in embedding.Parts)
        {
            Write(json, part);
        }

        foreach (var target in assembly.Targets)
        {
            Write(json, target);
        }

        return json;
    }

    /// <summary>Of assemblies that are to be written so.</summary>
    public override ModelConfig? Essence(ModelConfig config) => config is AssembledConfig { Decoder: null, Second: null } assembly && assembly.HubFamily is { } family && ModelTypes.Contains(family)
        && assembly.Embedding.Parts is [WordPartConfig, ..]
        ? assembly with
        {
            HubFamily = null,
            Embedding = assembly.Embedding with { Dropout = 0 },
            Encoder = assembly.Encoder switch
            {
                TransformerPartConfig transformer => transformer with { Block = HubBlocks.Essence(transformer.Block), OutputDropout = 0, LayerDrop = 0 },
                RecurrentPartConfig recurrent => recurrent with { Dropout = 0 },
                var other => other,
            },
            Targets = [.. assembly.Targets.Select(t => t switch
            {
                SentencePairTargetConfig pairs => pairs with { Weight = 1, Dropout = 0 },
                ClassificationTargetConfig classes => classes with { Weight = 1, Dropout = 0 },
                _ => t with { Weight = 1 },
            })],
            Initialization = new NormalInitializationConfig(),
        }
        : null;

    public override IReadOnlyList<KeyMap> Maps(ModelConfig config, Lazy<IReadOnlyList<OurTensor>> state) =>
        [new TencentPretrainKeys((AssembledConfig)config, early: false).Map(), new TencentPretrainKeys((AssembledConfig)config, early: true).Map()];

    private static EmbeddingPartConfig Part(HubConfig config, string name)
    {
        var sinusoidal = Words(config, "embedding", "word_pos_seg").Contains("sinusoidalpos");
        return name switch
        {
            "word" => new WordPartConfig { VocabularySize = Vocabulary(config), Scale = sinusoidal ? Math.Sqrt(config.Size("emb_size")) : 1 },
            "pos" => new PositionPartConfig { Positions = new LearnedPositionsConfig { Offset = config.Count(OffsetKey, 0), PaddingToken = config.CountOrNull(PaddingKey) } },
            "sinusoidalpos" => new PositionPartConfig { Positions = new SinusoidalPositionsConfig() },
            "seg" => new SegmentPartConfig { Types = config.Size(SegmentsKey, 2) },
            _ => throw new UserError($"the embedding '{HubConfig.Short(name)}' is not supported yet", config.File, "supported: word, pos, sinusoidalpos, seg"),
        };
    }

    private static EncoderPartConfig Encoder(HubConfig config, int width, double dropout)
    {
        var (name, layers) = (config.Text("encoder", "transformer"), config.Size("layers_num", max: HubBlocks.MaxLayers));
        if (s_cells.TryGetValue(name.StartsWith("bi", StringComparison.Ordinal) ? name[2..] : name, out var cell))
        {
            return new RecurrentPartConfig
            {
                Cell = cell,
                Width = width,
                Layers = layers,
                Dropout = dropout,
                Direction = name.StartsWith("bi", StringComparison.Ordinal) ? ReadingDirection.Separate : config.Flag("bidirectional", false) ? ReadingDirection.Both : ReadingDirection.Forward,
            };
        }

        var bias = !config.Flag("remove_transformer_bias", false);
        var (epsilon, rms) = (config.Number("layernorm_eps", Epsilon, double.Epsilon, 1), config.Text("layernorm", "normal") is "t5" or "rms");
        var attention = new AttentionConfig { Heads = config.Size("heads_num"), HeadWidth = config.SizeOrNull("attention_head_size"), KeyValueHeads = config.SizeOrNull(KeyHeadsKey), Scale = config.Flag("remove_attention_scale", false) ? 1 : null, Dropout = dropout };
        return name != "transformer"
            ? throw new UserError($"the encoder '{HubConfig.Short(name)}' is not supported yet", config.File, "supported: transformer, rnn, lstm, gru, birnn, bilstm, bigru")
            : new TransformerPartConfig
            {
                Layers = layers,
                Causal = config.Text("mask", "fully_visible") != "fully_visible",
                Sharing = config.Flag("parameter_sharing", false) ? new() : null,
                Positions = config.Flag("relative_position_embedding", false) ? new RelativePositionsConfig { Buckets = config.Size("relative_attention_buckets_num", 32) }
                    : config.Flag("rotary_position_embedding", false) ? new RotaryPositionsConfig()
                    : new NoPositionsConfig(),
                Block = new()
                {
                    Width = width,
                    Attention = bias ? attention.WithBiases() : attention,
                    FeedForward = new()
                    {
                        Width = config.Size("feedforward_size"),
                        Activation = config.Choice("hidden_act", "gelu", HubBlocks.Activations),
                        Gated = config.Text("feed_forward", "dense") == "gated",
                        Bias = bias,
                    },
                    Norm = rms ? new RmsNormConfig { Epsilon = epsilon } : new LayerNormConfig { Epsilon = epsilon },
                    Placement = config.Text("layernorm_positioning", "post") == "pre" ? NormPlacement.Pre : NormPlacement.Post,
                    Dropout = dropout,
                },
            };
    }

    private static TargetConfig TargetOf(HubConfig config, string name)
    {
        var tied = config.Flag("tie_weights", false);
        var bias = config.Flag("has_lmtarget_bias", false);
        return name switch
        {
            "mlm" => new MaskedLMTargetConfig
            {
                Tied = tied,
                Activation = config.Choice("hidden_act", "gelu", HubBlocks.Activations),
                Norm = new LayerNormConfig { Epsilon = config.Number("target_layernorm_eps", Epsilon, double.Epsilon, 1) },
            },
            "lm" => new CausalLMTargetConfig { Tied = tied, Bias = bias, Prefix = config.Text("mask", "fully_visible") == "causal_with_prefix" },
            "bilm" => new BidirectionalLMTargetConfig { Bias = bias },
            "sp" => new SentencePairTargetConfig(),
            "cls" => new ClassificationTargetConfig { Classes = config.Size("labels_num", 2), Pooling = config.Choice("pooling", "first", s_poolings), Transform = Activation.Tanh },
            _ => throw new UserError($"the target '{HubConfig.Short(name)}' is not supported yet", config.File, "supported: mlm, sp, lm, bilm, cls"),
        };
    }

    private static void Write(JsonObject json, TransformerPartConfig transformer, bool prefix)
    {
        var block = transformer.Block;
        json["encoder"] = "transformer";
        json["mask"] = transformer.Causal ? prefix ? "causal_with_prefix" : "causal" : "fully_visible";
        json["layers_num"] = transformer.Layers;
        json["heads_num"] = block.Attention.Heads;
        json["feedforward_size"] = block.FeedForward.Width;
        json["hidden_act"] = block.FeedForward.Activation == Activation.GeluTanh ? "gelu_fast" : HubBlocks.Name(block.FeedForward.Activation);
        json["feed_forward"] = block.FeedForward.Gated ? "gated" : "dense";
        json["layernorm"] = block.Norm is RmsNormConfig ? "rms" : "normal";
        json["layernorm_eps"] = block.Norm.Epsilon;
        json["layernorm_positioning"] = block.Placement == NormPlacement.Pre ? "pre" : "post";
        json["remove_transformer_bias"] = !block.FeedForward.Bias;
        json["remove_attention_scale"] = block.Attention.Scale == 1;
        json["parameter_sharing"] = transformer.Sharing is not null;
        json["relative_position_embedding"] = transformer.Positions is RelativePositionsConfig;
        json["rotary_position_embedding"] = transformer.Positions is RotaryPositionsConfig;
        if (transformer.Positions is RelativePositionsConfig relative)
        {
            json["relative_attention_buckets_num"] = relative.Buckets;
        }

        if (block.Attention.KeyHeads() != block.Attention.Heads)
        {
            json[KeyHeadsKey] = block.Attention.KeyHeads();
        }

        if (HubBlocks.HasOwnHeadWidth(block))
        {
            json["attention_head_size"] = block.Attention.HeadWidth;
        }
    }

    private static void Write(JsonObject json, EmbeddingPartConfig part)
    {
        switch (part)
        {
            case PositionPartConfig { Positions: LearnedPositionsConfig { Offset: > 0 } learned }:
                json[OffsetKey] = learned.Offset;
                json[PaddingKey] = learned.PaddingToken;
                break;
            case SegmentPartConfig { Types: not 2 } segments:
                json[SegmentsKey] = segments.Types;
                break;
            default:
                break;
        }
    }

    private static void Write(JsonObject json, TargetConfig target)
    {
        switch (target)
        {
            case MaskedLMTargetConfig masked:
                json["tie_weights"] = masked.Tied;
                json["target_layernorm_eps"] = masked.Norm.Epsilon;
                break;
            case CausalLMTargetConfig causal:
                json["tie_weights"] = causal.Tied;
                json["has_lmtarget_bias"] = causal.Bias;
                break;
            case BidirectionalLMTargetConfig both:
                json["has_lmtarget_bias"] = both.Bias;
                break;
            case ClassificationTargetConfig classes:
                json["labels_num"] = classes.Classes;
                json["pooling"] = Settings.SnakeCase(classes.Pooling.ToString());
                break;
            default:
                break;
        }
    }

    private static string NameOf(EmbeddingPartConfig part) => part switch
    {
        WordPartConfig => "word",
        PositionPartConfig { Positions: SinusoidalPositionsConfig } => "sinusoidalpos",
        PositionPartConfig => "pos",
        SegmentPartConfig => "seg",
        _ => throw new UserError($"their zoo has no such embedding as {Settings.KindOf(part.GetType())}", HubFolder.ConfigFile),
    };

    private static string NameOf(TargetConfig target) => target switch
    {
        MaskedLMTargetConfig => "mlm",
        CausalLMTargetConfig => "lm",
        BidirectionalLMTargetConfig => "bilm",
        SentencePairTargetConfig => "sp",
        ClassificationTargetConfig => "cls",
        _ => throw new UserError($"their zoo has no such target as {Settings.KindOf(target.GetType())}", HubFolder.ConfigFile),
    };

    /// <summary>A list of names: a list, one name, or (of embeddings, in UER) names joined by lines below.</summary>
    private static string[] Words(HubConfig config, string key, string otherwise) => config.Json[key] is JsonArray list
        ? [.. list.Select(item => item is JsonValue value && value.TryGetValue<string>(out var name) ? name : throw new UserError($"'{key}' holds something that is no name", config.File))]
        : config.Text(key, otherwise).Split('_');

    private static int Vocabulary(HubConfig config)
    {
        var file = Path.Combine(Path.GetDirectoryName(config.File) ?? "", "vocab.txt");
        return config.Has("vocab_size") || !File.Exists(file) ? config.Size("vocab_size") : Math.Max(1, File.ReadLines(file).Count());
    }
}
