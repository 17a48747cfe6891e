using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Speech;

namespace Heirloom.Checkpoints.Hub;

/// <summary>What wav2vec 2.0 and HuBERT have in common on the hub: the encoder's names, and the tasks on top of it.</summary>
public abstract class SpeechLayout : HubLayout
{
    /// <summary>Beginning of the architectures' names: <c>Wav2Vec2</c>.</summary>
    protected abstract string Name { get; }

    protected abstract SpeechFamily Family { get; }

    /// <summary>Beginning of the encoder's tensors where it is part of a task: <c>wav2vec2.</c>.</summary>
    protected abstract string Prefix { get; }

    public override ImmutableArray<string> Architectures => [Name + "For", Name + "Model"];

    public override ModelConfig ReadConfig(HubConfig config)
    {
        var encoder = ReadEncoder(config);
        var architecture = config.Architectures is [var first, ..] ? first : Name + "Model";
        return architecture.StartsWith(Name, StringComparison.Ordinal) ? architecture[Name.Length..] switch
        {
            "Model" => encoder,
            "ForCTC" => new SpeechTranscriberConfig
            {
                Encoder = encoder,
                VocabularySize = config.Size("vocab_size", 32),
                Blank = config.Count("pad_token_id", 0),
                Dropout = config.Number("final_dropout", 0.1, 0, 0.999),
                Reduction = config.Choice("ctc_loss_reduction", "sum", Reductions),
                IgnoreImpossible = config.Flag("ctc_zero_infinity", false),
            },
            "ForSequenceClassification" => Classifier(config, encoder, config.Size("classifier_proj_size", 256)),
            "ForAudioFrameClassification" => Classifier(config, encoder, null),
            "ForPreTraining" when Pretrains => Pretrainer(config, encoder),
            _ => throw Unknown(config, architecture),
        } : throw Unknown(config, architecture);
    }

    public override JsonObject WriteConfig(ModelConfig config)
    {
        var encoder = EncoderOf(config);
        var json = WriteEncoder(encoder);
        json["architectures"] = new JsonArray(Name + Task(config));
        json["model_type"] = ModelTypes[0];
        switch (config)
        {
            case SpeechTranscriberConfig transcriber:
                json["vocab_size"] = transcriber.VocabularySize;
                json["pad_token_id"] = transcriber.Blank;
                json["final_dropout"] = transcriber.Dropout;
                json["ctc_loss_reduction"] = Reductions.First(pair => pair.Value == transcriber.Reduction).Key;
                json["ctc_zero_infinity"] = transcriber.IgnoreImpossible;
                break;
            case SpeechClassifierConfig classifier:
                json["use_weighted_layer_sum"] = classifier.MixLayers;
                if (classifier.ProjectionWidth is { } width)
                {
                    json["classifier_proj_size"] = width;
                }

                HubBlocks.WriteLabels(json, classifier.Classes);
                break;
            case SpeechPretrainerConfig pretrainer:
                WritePretrainer(json, pretrainer);
                break;
            default:
                break;
        }

        return json;
    }

    public override ModelConfig? Essence(ModelConfig config) => config switch
    {
        SpeechEncoderConfig or SpeechClassifierConfig or SpeechPretrainerConfig or SpeechTranscriberConfig { Encoder: SpeechEncoderConfig } when EncoderOf(config).Family != Family => null,
        SpeechEncoderConfig encoder => EncoderEssence(encoder),
        SpeechTranscriberConfig { Encoder: SpeechEncoderConfig encoder } task => task with { Encoder = EncoderEssence(encoder), Dropout = 0, Initialization = new NormalInitializationConfig() },
        SpeechClassifierConfig task => task with { Encoder = EncoderEssence(task.Encoder), Initialization = new NormalInitializationConfig() },
        SpeechPretrainerConfig task when Pretrains => task with { Encoder = EncoderEssence(task.Encoder), Dropout = 0, Initialization = new NormalInitializationConfig() },
        _ => null,
    };

    public override IReadOnlyList<KeyMap> Maps(ModelConfig config, Lazy<IReadOnlyList<OurTensor>> state)
    {
        var bare = config is SpeechEncoderConfig;
        // a bare model's own files lack the prefix; the convolution that tells positions has a newer spelling of its normalized weight
        var map = new KeyMap(bare ? "" : Prefix)
            .Spelling("conv.parametrizations.weight.original0", "conv.weight_g").Spelling("conv.parametrizations.weight.original1", "conv.weight_v")
            .Legacy("layer_norm.gamma", "layer_norm.weight").Legacy("layer_norm.beta", "layer_norm.bias");
        var encoder = EncoderOf(config);
        SpeechKeys.Add(map, encoder, bare ? "" : "encoder.", bare ? "" : Prefix);
        long width = encoder.OutputWidth();
        switch (config)
        {
            case SpeechTranscriberConfig transcriber:
                map.AddLinear("head", "lm_head", width, transcriber.VocabularySize, bias: true);
                break;
            case SpeechClassifierConfig classifier:
                if (classifier.MixLayers)
                {
                    map.Add("mixture", "layer_weights", encoder.Layers + 1);
                }

                if (classifier.ProjectionWidth is { } projected)
                {
                    map.AddLinear("projector", "projector", width, projected, bias: true);
                }

                map.AddLinear("classifier", "classifier", classifier.ProjectionWidth ?? width, classifier.Classes, bias: true);
                break;
            case SpeechPretrainerConfig pretrainer:
                long entries = (long)pretrainer.Groups * pretrainer.Codes;
                map.AddLinear("code_choice", "quantizer.weight_proj", encoder.Waveform[^1].Width, entries, bias: true)
                    .Add("codebook", "quantizer.codevectors", 1, entries, pretrainer.CodeWidth / pretrainer.Groups)
                    .AddLinear("context_projection", "project_hid", width, pretrainer.ProjectionWidth, bias: true)
                    .AddLinear("code_projection", "project_q", pretrainer.CodeWidth, pretrainer.ProjectionWidth, bias: true);
                break;
            default:
                break;
        }

        return [map];
    }

    /// <summary>Whether the family's pretraining is the contrast of codes.</summary>
    protected virtual bool Pretrains => false;

    /// <summary>Reads what the family has of its own.</summary>
    protected abstract SpeechEncoderConfig ReadOwn(HubConfig config, SpeechEncoderConfig encoder);

    /// <summary>Writes what the family has of its own.</summary>
    protected abstract void WriteOwn(JsonObject json, SpeechEncoderConfig encoder);

    private static readonly Dictionary<string, TranscriptionReduction> Reductions = new() { ["sum"] = TranscriptionReduction.Sum, ["mean"] = TranscriptionReduction.Mean };

    private static readonly Dictionary<string, WaveformNorm> Norms = new() { ["group"] = WaveformNorm.FirstLayerOverTime, ["layer"] = WaveformNorm.EveryLayerOverChannels };

    private UserError Unknown(HubConfig config, string architecture) => new($"not supported yet: {architecture}", config.File,
        $"supported: {string.Join(", ", ((string[])["Model", "ForCTC", "ForSequenceClassification", "ForAudioFrameClassification", .. Pretrains ? ["ForPreTraining"] : (string[])[]]).Select(task => Name + task))}");

    private static SpeechEncoderConfig EncoderOf(ModelConfig config) => config switch
    {
        SpeechTranscriberConfig task => (SpeechEncoderConfig)task.Encoder,
        SpeechClassifierConfig task => task.Encoder,
        SpeechPretrainerConfig task => task.Encoder,
        _ => (SpeechEncoderConfig)config,
    };

    private static string Task(ModelConfig config) => config switch
    {
        SpeechTranscriberConfig => "ForCTC",
        SpeechClassifierConfig { ProjectionWidth: null } => "ForAudioFrameClassification",
        SpeechClassifierConfig => "ForSequenceClassification",
        SpeechPretrainerConfig => "ForPreTraining",
        _ => "Model",
    };

    private static SpeechClassifierConfig Classifier(HubConfig config, SpeechEncoderConfig encoder, int? projection) =>
        new() { Encoder = encoder, Classes = config.Classes(), ProjectionWidth = projection, MixLayers = config.Flag("use_weighted_layer_sum", false) };

    private static SpeechPretrainerConfig Pretrainer(HubConfig config, SpeechEncoderConfig encoder) => new()
    {
        Encoder = encoder,
        Groups = config.Size("num_codevector_groups", 2),
        Codes = config.Size("num_codevectors_per_group", 320),
        CodeWidth = config.Size("codevector_dim", 256),
        ProjectionWidth = config.Size("proj_codevector_dim", 256),
        Dropout = config.Number("feat_quantizer_dropout", 0, 0, 0.999),
        Negatives = config.Size("num_negatives", 100),
        Temperature = config.Number("contrastive_logits_temperature", 0.1, double.Epsilon, 1e9),
        DiversityWeight = config.Number("diversity_loss_weight", 0.1, 0, 1e9),
    };

    private static void WritePretrainer(JsonObject json, SpeechPretrainerConfig pretrainer)
    {
        json["num_codevector_groups"] = pretrainer.Groups;
        json["num_codevectors_per_group"] = pretrainer.Codes;
        json["codevector_dim"] = pretrainer.CodeWidth;
        json["proj_codevector_dim"] = pretrainer.ProjectionWidth;
        json["feat_quantizer_dropout"] = pretrainer.Dropout;
        json["num_negatives"] = pretrainer.Negatives;
        json["contrastive_logits_temperature"] = pretrainer.Temperature;
        json["diversity_loss_weight"] = pretrainer.DiversityWeight;
    }

    private SpeechEncoderConfig ReadEncoder(HubConfig config)
    {
        var stable = config.Flag("do_stable_layer_norm", false);
        var (frames, channels) = config.Flag("apply_spec_augment", true)
            ? (config.Number("mask_time_prob", 0.05, 0, 1), config.Number("mask_feature_prob", 0, 0, 1)) : (0, 0);
        return ReadOwn(config, new()
        {
            Family = Family,
            Waveform = Waveform(config),
            WaveformNorm = config.Choice("feat_extract_norm", "group", Norms),
            WaveformBias = config.Flag("conv_bias", false),
            WaveformActivation = config.Choice("feat_extract_activation", "gelu", HubBlocks.Activations),
            ProjectionDropout = config.Number("feat_proj_dropout", 0, 0, 0.999),
            PositionKernel = config.Size("num_conv_pos_embeddings", 128, max: 1_000_000),
            PositionGroups = config.Size("num_conv_pos_embedding_groups", 16),
            Layers = config.Size("num_hidden_layers", 12, max: HubBlocks.MaxLayers),
            LayerDrop = config.Number("layerdrop", 0.1, 0, 0.999),
            Masking = new()
            {
                Frames = frames,
                FrameSpan = config.Size("mask_time_length", 10),
                FewestFrameSpans = config.Count("mask_time_min_masks", 2),
                Channels = channels,
                ChannelSpan = config.Size("mask_feature_length", 10),
                FewestChannelSpans = config.Count("mask_feature_min_masks", 0),
            },
            Block = new()
            {
                Width = config.Size("hidden_size", 768),
                Attention = new AttentionConfig { Heads = config.Size("num_attention_heads", 12), Dropout = config.Number("attention_dropout", 0.1, 0, 0.999) }.WithBiases(),
                FeedForward = new()
                {
                    Width = config.Size("intermediate_size", 3072),
                    Activation = config.Choice("hidden_act", "gelu", HubBlocks.Activations),
                    Gated = false,
                    Bias = true,
                    Dropout = config.Number("activation_dropout", 0.1, 0, 0.999),
                },
                Norm = new LayerNormConfig { Epsilon = config.Number("layer_norm_eps", 1e-5, double.Epsilon, 1) },
                Placement = stable ? NormPlacement.Pre : NormPlacement.Post,
                Dropout = config.Number("hidden_dropout", 0.1, 0, 0.999),
            },
        });
    }

    private static ImmutableArray<WaveformLayerConfig> Waveform(HubConfig config)
    {
        var widths = config.Sizes("conv_dim", [512, 512, 512, 512, 512, 512, 512]);
        var kernels = config.Sizes("conv_kernel", [10, 3, 3, 3, 3, 2, 2]);
        var strides = config.Sizes("conv_stride", [5, 2, 2, 2, 2, 2, 2]);
        return widths.Length == kernels.Length && widths.Length == strides.Length && widths.Length is > 0 and <= 100
            ? [.. widths.Select((width, i) => new WaveformLayerConfig { Width = width, Kernel = kernels[i], Stride = strides[i] })]
            : throw new UserError($"'conv_dim', 'conv_kernel' and 'conv_stride' have {widths.Length}, {kernels.Length} and {strides.Length} entries", config.File, "they have to be as many");
    }

    private JsonObject WriteEncoder(SpeechEncoderConfig encoder)
    {
        var block = encoder.Block;
        var json = new JsonObject
        {
            ["hidden_size"] = block.Width,
            ["num_hidden_layers"] = encoder.Layers,
            ["num_attention_heads"] = block.Attention.Heads,
            ["intermediate_size"] = block.FeedForward.Width,
            ["hidden_act"] = HubBlocks.Name(block.FeedForward.Activation),
            ["hidden_dropout"] = block.Dropout,
            ["activation_dropout"] = block.FeedForward.Dropout,
            ["attention_dropout"] = block.Attention.Dropout,
            ["feat_proj_dropout"] = encoder.ProjectionDropout,
            ["layerdrop"] = encoder.LayerDrop,
            ["layer_norm_eps"] = block.Norm.Epsilon,
            ["feat_extract_norm"] = Norms.First(pair => pair.Value == encoder.WaveformNorm).Key,
            ["feat_extract_activation"] = HubBlocks.Name(encoder.WaveformActivation),
            ["conv_dim"] = new JsonArray([.. encoder.Waveform.Select(layer => (JsonNode)layer.Width)]),
            ["conv_kernel"] = new JsonArray([.. encoder.Waveform.Select(layer => (JsonNode)layer.Kernel)]),
            ["conv_stride"] = new JsonArray([.. encoder.Waveform.Select(layer => (JsonNode)layer.Stride)]),
            ["num_feat_extract_layers"] = encoder.Waveform.Length,
            ["conv_bias"] = encoder.WaveformBias,
            ["num_conv_pos_embeddings"] = encoder.PositionKernel,
            ["num_conv_pos_embedding_groups"] = encoder.PositionGroups,
            ["do_stable_layer_norm"] = block.Placement == NormPlacement.Pre,
            ["apply_spec_augment"] = encoder.Masking.Hides(),
            ["mask_time_prob"] = encoder.Masking.Frames,
            ["mask_time_length"] = encoder.Masking.FrameSpan,
            ["mask_time_min_masks"] = encoder.Masking.FewestFrameSpans,
            ["mask_feature_prob"] = encoder.Masking.Channels,
            ["mask_feature_length"] = encoder.Masking.ChannelSpan,
            ["mask_feature_min_masks"] = encoder.Masking.FewestChannelSpans,
        };
        WriteOwn(json, encoder);
        return json;
    }

    private static SpeechEncoderConfig EncoderEssence(SpeechEncoderConfig encoder) => encoder with
    {
        Block = HubBlocks.Essence(encoder.Block),
        ProjectionDropout = 0,
        LayerDrop = 0,
        Initialization = new NormalInitializationConfig(),
    };
}
