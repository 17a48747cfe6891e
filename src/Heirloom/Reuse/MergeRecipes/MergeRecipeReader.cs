using System.Collections.Immutable;
using Heirloom.Encoding.Chat;
using Heirloom.Reuse.Merging;
using YamlDotNet.RepresentationModel;
using static TorchSharp.torch;

namespace Heirloom.Reuse.MergeRecipes;

/// <summary>Reads a recipe out of a document: every key is known, every value of its type, or it is refused with file, line and the nearest name.</summary>
internal sealed class MergeRecipeReader(SettingsText document)
{
    private readonly MergeNodes _nodes = new(document);

    public MergeRecipe Read()
    {
        var keys = _nodes.Keys(document.Root, "the recipe", "merge_method", "base_model", "models", "slices", "modules", "parameters", "dtype", "out_dtype", "tokenizer_source", "tokenizer", "chat_template", "calibration");
        var method = keys.GetValueOrDefault("merge_method") is { } named ? _nodes.Text(named, "merge_method") : throw _nodes.Wrong(document.Root, "lacks 'merge_method'", $"valid: {string.Join(", ", MergeMethods.MergeMethod.All.Keys)}");
        if (!MergeMethods.MergeMethod.All.ContainsKey(method))
        {
            throw _nodes.Wrong(named, $"unknown merge method '{method}'", UserError.Nearest(method, MergeMethods.MergeMethod.All.Keys));
        }

        string[] forms = ["models", "slices", "modules"];
        if (forms.Count(keys.ContainsKey) != 1)
        {
            throw _nodes.Wrong(document.Root, $"has {(forms.Any(keys.ContainsKey) ? "more than one" : "none")} of 'models', 'slices' and 'modules'", "give exactly one of them");
        }

        if (keys.ContainsKey("tokenizer") && keys.TryGetValue("tokenizer_source", out var second))
        {
            throw _nodes.Wrong(second, "'tokenizer_source' stands beside 'tokenizer'", "give one of them");
        }

        return new()
        {
            Method = method,
            Base = keys.TryGetValue("base_model", out var own) ? Model(own, "base_model") : null,
            Modules = keys.TryGetValue("modules", out var modules)
                ? [.. _nodes.Map(modules, "modules").Select(m => Module(m.Key, m.Value))]
                : [new("", Slices(keys, "the recipe"), MergeParameters.None)],
            Parameters = Parameters(keys),
            Type = Type(keys, "dtype"),
            OutType = Type(keys, "out_dtype"),
            Tokenizer = keys.TryGetValue("tokenizer", out var tokenizer) ? Tokenizer(tokenizer)
                : keys.TryGetValue("tokenizer_source", out var source) ? new(TokenSource(source, "tokenizer_source"), ImmutableDictionary<string, TokenOrigin>.Empty) { Where = document.Where(source) } : null,
            Calibration = Calibration(keys),
            ChatTemplate = keys.TryGetValue("chat_template", out var template) && !SettingsScalars.IsNull(template) ? Template(template) : null,
        };
    }

    private MergeCalibration? Calibration(Dictionary<string, YamlNode> keys)
    {
        if (!keys.TryGetValue("calibration", out var node) || SettingsScalars.IsNull(node))
        {
            return null;
        }

        var parts = _nodes.Keys(node, "'calibration'", "text", "rows");
        var text = parts.TryGetValue("text", out var files) ? files is YamlSequenceNode list ? list.Children.Select(f => _nodes.Text(f, "text")) : [_nodes.Text(files, "text")] : throw _nodes.Wrong(node, "'calibration' lacks 'text'", "name files");
        var rows = parts.TryGetValue("rows", out var count) ? _nodes.Whole(count, "rows") : 128;
        return rows < 1 ? throw _nodes.Wrong(count, $"'rows' is {rows}", "give at least 1") : new([.. text], rows);
    }

    private string Template(YamlNode node)
    {
        var text = _nodes.Text(node, "chat_template");
        return text == MergeTemplates.Auto || NamedChatTemplates.Find(text) is not null || text.Contains('{', StringComparison.Ordinal) ? text
            : throw _nodes.Wrong(node, $"'chat_template' is '{text}'", UserError.Nearest(text, NamedChatTemplates.Names.Append(MergeTemplates.Auto)) + " or the text of one");
    }

    private MergeModule Module(string name, YamlNode node)
    {
        var keys = _nodes.Keys(node, $"'modules.{name}'", "slices", "models", "parameters");
        return keys.ContainsKey("slices") == keys.ContainsKey("models")
            ? throw _nodes.Wrong(node, $"'modules.{name}' must have either 'slices' or 'models'")
            : new(name, Slices(keys, $"'modules.{name}'"), Parameters(keys));
    }

    private ImmutableArray<MergeSlice> Slices(Dictionary<string, YamlNode> keys, string of)
    {
        if (keys.TryGetValue("models", out var models))
        {
            return [new(Sources(models, "models", layers: false), null, MergeParameters.None)];
        }

        var slices = _nodes.List(keys["slices"], "slices");
        return slices.Count == 0 ? throw _nodes.Wrong(keys["slices"], $"'slices' of {of} is empty") : [.. slices.Select(Slice)];
    }

    private MergeSlice Slice(YamlNode node)
    {
        var keys = _nodes.Keys(node, "a slice", "sources", "base_model", "parameters", "residual_weight");
        return keys.TryGetValue("residual_weight", out var residual) && !SettingsScalars.IsNull(residual)
                ? throw _nodes.Wrong(residual, "'residual_weight' is not supported", "leave it out: mergekit reads it and does nothing with it")
            : !keys.TryGetValue("sources", out var sources) ? throw _nodes.Wrong(node, "a slice lacks 'sources'")
            : new(Sources(sources, "sources", layers: true), keys.TryGetValue("base_model", out var own) ? Model(own, "base_model") : null, Parameters(keys));
    }

    private ImmutableArray<MergeSource> Sources(YamlNode node, string name, bool layers)
    {
        var items = _nodes.List(node, name);
        var sources = items.Select(item =>
        {
            var keys = layers ? _nodes.Keys(item, $"an item of '{name}'", "model", "layer_range", "parameters") : _nodes.Keys(item, $"an item of '{name}'", "model", "parameters", "calibration");
            var model = keys.TryGetValue("model", out var named) ? Model(named, "model") : throw _nodes.Wrong(item, $"an item of '{name}' lacks 'model'");
            var range = !layers ? null : keys.TryGetValue("layer_range", out var given) ? Range(given) : throw _nodes.Wrong(item, "a source of a slice lacks 'layer_range'", "write layer_range: [from, to], the last left out");
            return new MergeSource(model, range, Parameters(keys)) { Where = document.Where(named), Calibration = Calibration(keys) };
        }).ToImmutableArray();
        return sources.IsEmpty ? throw _nodes.Wrong(node, $"'{name}' is empty")
            : sources.GroupBy(s => s.Model).FirstOrDefault(g => g.Count() > 1) is { } twice ? throw new UserError($"names '{twice.Key}' twice among the same '{name}'", twice.Last().Where, "name it once, with the sum of its weights")
            : sources;
    }

    private (int From, int To)? Range(YamlNode node)
    {
        var ends = _nodes.List(node, "layer_range").Select(n => _nodes.Whole(n, "layer_range")).ToList();
        return ends is [var from, var to] && from >= 0 && from < to ? (from, to)
            : throw _nodes.Wrong(node, $"'layer_range' is [{string.Join(", ", ends)}]", "write [from, to] with 0 ≤ from < to; the last layer is left out");
    }

    private MergeParameters Parameters(Dictionary<string, YamlNode> keys) => !keys.TryGetValue("parameters", out var node) || SettingsScalars.IsNull(node)
        ? MergeParameters.None
        : new(_nodes.Map(node, "parameters").ToImmutableDictionary(p => p.Key, p => Value(p.Value, p.Key)));

    private MergeValue Value(YamlNode node, string name) => node switch
    {
        YamlMappingNode => Filtered([node], node, name),
        YamlSequenceNode { Children.Count: 0 } => throw _nodes.Wrong(node, $"'{name}' is an empty list"),
        YamlSequenceNode list when list.Children.All(c => c is YamlMappingNode) => Filtered(list.Children, node, name),
        _ => Plain(node, name),
    };

    private FilteredValue Filtered(IEnumerable<YamlNode> choices, YamlNode node, string name) => new([.. choices.Select(choice =>
    {
        var keys = _nodes.Keys(choice, $"a choice of '{name}'", "filter", "value");
        return (keys.TryGetValue("filter", out var filter) && !SettingsScalars.IsNull(filter) ? _nodes.Text(filter, "filter") : null,
            keys.TryGetValue("value", out var value) ? Plain(value, name) : throw _nodes.Wrong(choice, $"a choice of '{name}' lacks 'value'"));
    })])
    { Where = document.Where(node) };

    private MergeValue Plain(YamlNode node, string name)
    {
        if (node is not YamlSequenceNode list)
        {
            return new FixedValue(_nodes.NumberOrFlag(node, name)) { Where = document.Where(node) };
        }

        var points = list.Children.Select(n => _nodes.NumberOrFlag(n, name)).ToImmutableArray();
        return points.All(p => p is double) && !points.IsEmpty ? new GradientValue([.. points.Cast<double>()]) { Where = document.Where(node) }
            : points.All(p => p is bool) && !points.IsEmpty ? new SteppedValue(points) { Where = document.Where(node) }
            : throw _nodes.Wrong(node, $"'{name}' mixes numbers and flags in one list, or is empty");
    }

    private TokenizerChoice Tokenizer(YamlNode node)
    {
        var keys = _nodes.Keys(node, "'tokenizer'", "source", "tokens", "pad_to_multiple_of");
        int? padding = keys.TryGetValue("pad_to_multiple_of", out var pad) && !SettingsScalars.IsNull(pad) ? _nodes.Whole(pad, "pad_to_multiple_of") : null;
        return padding is < 1 ? throw _nodes.Wrong(pad!, $"'pad_to_multiple_of' is {padding}", "give at least 1")
            : new(keys.TryGetValue("source", out var source) ? TokenSource(source, "source") : TokenizerChoice.Union,
                keys.TryGetValue("tokens", out var tokens) && !SettingsScalars.IsNull(tokens) ? _nodes.Map(tokens, "tokens").ToImmutableDictionary(t => t.Key, t => Row(t.Value, t.Key)) : ImmutableDictionary<string, TokenOrigin>.Empty,
                padding)
            { Where = document.Where(node) };
    }

    private TokenOrigin Row(YamlNode node, string token)
    {
        var keys = _nodes.Keys(node, $"token '{token}'", "source", "force");
        var force = keys.TryGetValue("force", out var flag) && (_nodes.NumberOrFlag(flag, "force") is bool forced ? forced : throw _nodes.Wrong(flag, "'force' must be true or false"));
        var source = keys.GetValueOrDefault("source");
        if (source is not YamlMappingNode)
        {
            var model = source is null || SettingsScalars.IsNull(source) ? null : Model(source, "source");
            return force && model is null ? throw _nodes.Wrong(node, $"token '{token}' is forced and has no 'source'") : new(model, null, null, false, force) { Where = document.Where(node) };
        }

        var kind = _nodes.Map(source, "source").FirstOrDefault(p => p.Key == "kind").Value is { } named ? _nodes.Text(named, "kind") : "";
        if (kind == "zero")
        {
            _ = _nodes.Keys(source, "a source of kind 'zero'", "kind");
            return new(null, null, null, true, force) { Where = document.Where(node) };
        }

        if (kind != "model_token")
        {
            return new(Model(source, "source"), null, null, false, force) { Where = document.Where(node) };
        }

        var parts = _nodes.Keys(source, "a source of kind 'model_token'", "kind", "model", "token", "token_id");
        return parts.ContainsKey("token") == parts.ContainsKey("token_id") ? throw _nodes.Wrong(source, "a source of kind 'model_token' has one of 'token' and 'token_id'")
            : new(parts.TryGetValue("model", out var of) ? Model(of, "model") : throw _nodes.Wrong(source, "a source of kind 'model_token' lacks 'model'"),
                parts.TryGetValue("token", out var other) ? _nodes.Text(other, "token") : null, parts.TryGetValue("token_id", out var id) ? _nodes.Whole(id, "token_id") : null, false, force)
            { Where = document.Where(node) };
    }

    private string TokenSource(YamlNode node, string name) => Model(node, name);

    /// <summary>A folder or name, with its revision; written as text or as mergekit's group of keys.</summary>
    private string Model(YamlNode node, string name)
    {
        if (node is not YamlMappingNode)
        {
            var text = _nodes.Text(node, name);
            return text.Contains('+', StringComparison.Ordinal) && !Directory.Exists(text) ? throw Adapter(node) : text;
        }

        var keys = _nodes.Keys(node, $"'{name}'", "model", "lora", "override_architecture", "path", "revision");
        if (keys.TryGetValue("lora", out var lora) && !SettingsScalars.IsNull(lora))
        {
            throw Adapter(lora);
        }

        if (keys.TryGetValue("override_architecture", out var other) && !SettingsScalars.IsNull(other))
        {
            throw _nodes.Wrong(other, "'override_architecture' is not supported", "models are merged by the names of their tensors: leave it out");
        }

        if (keys.TryGetValue("model", out var inner))
        {
            return Model(inner, name);
        }

        var path = keys.TryGetValue("path", out var given) ? _nodes.Text(given, "path") : throw _nodes.Wrong(node, $"'{name}' lacks 'path'");
        return keys.TryGetValue("revision", out var revision) && !SettingsScalars.IsNull(revision) ? $"{path}@{_nodes.Text(revision, "revision")}" : path;
    }

    private UserError Adapter(YamlNode node) => _nodes.Wrong(node, "a model with an adapter is not merged in one step", "write the adapter into the model first: heirloom adapters merge");

    private ScalarType? Type(Dictionary<string, YamlNode> keys, string name)
    {
        if (!keys.TryGetValue(name, out var node) || SettingsScalars.IsNull(node))
        {
            return null;
        }

        var text = _nodes.Text(node, name);
        return (text.StartsWith("torch.", StringComparison.Ordinal) ? text[6..] : text) switch
        {
            "float32" => ScalarType.Float32,
            "float16" => ScalarType.Float16,
            "bfloat16" => ScalarType.BFloat16,
            var other => throw _nodes.Wrong(node, $"'{name}' is '{other}'", UserError.Nearest(other, ["float32", "float16", "bfloat16"])),
        };
    }
}
