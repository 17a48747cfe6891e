using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Heads;
using Heirloom.Models.Text;

namespace Heirloom.Checkpoints.Hub;

/// <summary>What BERT and RoBERTa have in common: the encoder's names and the tasks on top of it.</summary>
public abstract class BertFamilyLayout : HubLayout
{
    /// <summary>Beginning of the architectures' names: <c>Bert</c>.</summary>
    protected abstract string Name { get; }

    /// <summary>Beginning of the encoder's tensors: <c>bert.</c>.</summary>
    protected abstract string Prefix { get; }

    /// <summary>Rows of the position table before that of position 0.</summary>
    protected abstract int PositionOffset(HubConfig config);

    public override ImmutableArray<string> Architectures => [Name + "For", Name + "Model"];

    public override ModelConfig ReadConfig(HubConfig config)
    {
        config.Only("position_embedding_type", "absolute");
        config.Only("is_decoder", "false");
        config.Only("add_cross_attention", "false");
        var architecture = config.Architectures is [var first, ..] ? first : Name + "Model";
        var encoder = ReadEncoder(config) with { Pooler = HasPooler(architecture) };
        return architecture switch
        {
            _ when architecture == Name + "ForSequenceClassification" =>
                new SequenceClassifierConfig { Encoder = encoder, Classes = config.Classes(), Pooling = Pooling.Pooler, Dropout = HeadDropout(config) },
            _ when architecture == Name + "ForTokenClassification" =>
                new TokenClassifierConfig { Encoder = encoder, Classes = config.Classes(), Dropout = HeadDropout(config) },
            _ when architecture == Name + "ForMaskedLM" || architecture == Name + "ForPreTraining" || architecture == Name + "Model" => encoder,
            _ => throw new UserError($"not supported yet: {architecture}", config.File,
                $"supported: {Name}Model, {Name}ForMaskedLM, {Name}ForSequenceClassification, {Name}ForTokenClassification"),
        };
    }

    public override JsonObject WriteConfig(ModelConfig config)
    {
        var (encoder, task, classes) = Parts(config);
        var block = encoder.Block;
        var offset = (encoder.Positions as LearnedPositionsConfig)?.Offset ?? 0;
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(Name + (task ?? (encoder.Pooler ? "ForPreTraining" : "ForMaskedLM"))),
            ["model_type"] = ModelTypes[0],
            ["vocab_size"] = encoder.VocabularySize,
            ["max_position_embeddings"] = encoder.ContextLength + offset,
            ["type_vocab_size"] = encoder.TokenTypes,
            ["hidden_size"] = block.Width,
            ["num_hidden_layers"] = encoder.Layers,
            ["num_attention_heads"] = block.Attention.Heads,
            ["intermediate_size"] = block.FeedForward.Width,
            ["hidden_act"] = HubBlocks.Name(block.FeedForward.Activation),
            ["layer_norm_eps"] = block.Norm.Epsilon,
            ["position_embedding_type"] = "absolute",
            ["pad_token_id"] = Math.Max(offset - 1, 0),
            ["tie_word_embeddings"] = encoder.TieEmbeddings,
        };
        HubBlocks.WriteDropouts(json, block);
        if (task is not null)
        {
            HubBlocks.WriteLabels(json, classes);
        }

        return json;
    }

    public override ModelConfig? Essence(ModelConfig config) => config switch
    {
        EncoderConfig encoder => EncoderEssence(encoder),
        SequenceClassifierConfig { Encoder: EncoderConfig encoder } task =>
            task with { Encoder = EncoderEssence(encoder), Dropout = 0, Initialization = new NormalInitializationConfig() },
        TokenClassifierConfig { Encoder: EncoderConfig encoder } task =>
            task with { Encoder = EncoderEssence(encoder), Dropout = 0, Initialization = new NormalInitializationConfig() },
        _ => null,
    };

    public override IReadOnlyList<KeyMap> Maps(ModelConfig config, Lazy<IReadOnlyList<OurTensor>> state)
    {
        var (encoder, task, classes) = Parts(config);
        var ours = task is null ? "" : "encoder.";
        // "gamma" and "beta" are what the first release called a norm's weight and bias
        var map = new KeyMap(Prefix)
            .Legacy("LayerNorm.gamma", "LayerNorm.weight").Legacy("LayerNorm.beta", "LayerNorm.bias").Legacy("layer_norm.gamma", "layer_norm.weight").Legacy("layer_norm.beta", "layer_norm.bias")
            .Ignore(@"embeddings\.position_ids$");
        AddEncoder(map, encoder, ours);
        AddHead(map, encoder, ours, task is null ? Absence.Refuse : Absence.Fresh);
        AddTask(map, encoder, task, classes);
        return [map];
    }

    /// <summary>Names of the vocabulary head.</summary>
    protected abstract void AddHead(KeyMap map, EncoderConfig encoder, string ours, Absence absence);

    /// <summary>Names of the pooler and of a task's classifier.</summary>
    protected abstract void AddTask(KeyMap map, EncoderConfig encoder, string? task, int classes);

    /// <summary>Whether an architecture has a pooler.</summary>
    protected abstract bool HasPooler(string architecture);

    private void AddEncoder(KeyMap map, EncoderConfig encoder, string ours)
    {
        var block = encoder.Block;
        long width = block.Width;
        var offset = (encoder.Positions as LearnedPositionsConfig)?.Offset ?? 0;
        map.Add($"{ours}embedding.weight", $"{Prefix}embeddings.word_embeddings.weight", encoder.VocabularySize, width)
            .Add($"{ours}positions.weight", $"{Prefix}embeddings.position_embeddings.weight", (long)encoder.ContextLength + offset, width)
            .Add($"{ours}token_types.weight", $"{Prefix}embeddings.token_type_embeddings.weight", encoder.TokenTypes, width)
            .AddNorm($"{ours}embedding_norm", $"{Prefix}embeddings.LayerNorm", width, bias: true);
        for (var i = 0; i < encoder.Layers; i++)
        {
            var (layer, hub) = ($"{ours}layers.{i}", $"{Prefix}encoder.layer.{i}");
            map.AddLinear($"{layer}.attention.query", $"{hub}.attention.self.query", width, width, bias: true)
                .AddLinear($"{layer}.attention.key", $"{hub}.attention.self.key", width, width, bias: true)
                .AddLinear($"{layer}.attention.value", $"{hub}.attention.self.value", width, width, bias: true)
                .AddLinear($"{layer}.attention.output", $"{hub}.attention.output.dense", width, width, bias: true)
                .AddNorm($"{layer}.attention_norm", $"{hub}.attention.output.LayerNorm", width, bias: true)
                .AddLinear($"{layer}.feed_forward.up", $"{hub}.intermediate.dense", width, block.FeedForward.Width, bias: true)
                .AddLinear($"{layer}.feed_forward.down", $"{hub}.output.dense", block.FeedForward.Width, width, bias: true)
                .AddNorm($"{layer}.feed_forward_norm", $"{hub}.output.LayerNorm", width, bias: true);
        }
    }

    private EncoderConfig ReadEncoder(HubConfig config)
    {
        var offset = PositionOffset(config);
        var rows = config.Size("max_position_embeddings", 512);
        return new()
        {
            VocabularySize = config.Size("vocab_size"),
            ContextLength = rows > offset ? rows - offset : throw new UserError($"'max_position_embeddings' is {rows}", config.File, $"it has to be more than {offset}"),
            Layers = config.Size("num_hidden_layers", max: HubBlocks.MaxLayers),
            TokenTypes = config.Size("type_vocab_size", 2),
            TieEmbeddings = config.Flag("tie_word_embeddings", true),
            Positions = new LearnedPositionsConfig { Offset = offset },
            Block = new()
            {
                Width = config.Size("hidden_size"),
                Attention = new AttentionConfig
                {
                    Heads = config.Size("num_attention_heads"),
                    Dropout = config.Number("attention_probs_dropout_prob", 0.1, 0, 0.999),
                }.WithBiases(),
                FeedForward = new()
                {
                    Width = config.Size("intermediate_size"),
                    Activation = config.Choice("hidden_act", "gelu", HubBlocks.Activations),
                    Gated = false,
                    Bias = true,
                },
                Norm = new LayerNormConfig { Epsilon = config.Number("layer_norm_eps", 1e-12, double.Epsilon, 1) },
                Placement = NormPlacement.Post,
                Dropout = config.Number("hidden_dropout_prob", 0.1, 0, 0.999),
            },
        };
    }

    private static double HeadDropout(HubConfig config) =>
        config.Number("classifier_dropout", config.Number("hidden_dropout_prob", 0.1, 0, 0.999), 0, 0.999);

    private static EncoderConfig EncoderEssence(EncoderConfig encoder) =>
        encoder with { Block = HubBlocks.Essence(encoder.Block), Initialization = new NormalInitializationConfig() };

    private static (EncoderConfig Encoder, string? Task, int Classes) Parts(ModelConfig config) => config switch
    {
        SequenceClassifierConfig task => ((EncoderConfig)task.Encoder, "ForSequenceClassification", task.Classes),
        TokenClassifierConfig task => ((EncoderConfig)task.Encoder, "ForTokenClassification", task.Classes),
        _ => ((EncoderConfig)config, null, 0),
    };
}
