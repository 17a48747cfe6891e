using System.Text.Json;
using Heirloom.Encoding.Formats;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding;

/// <summary>
/// <c>tokenizer.json</c> in the ecosystem's schema, with <c>tokenizer_config.json</c> and <c>special_tokens_map.json</c> beside it,
/// so that other tools load the folder as it is. Data only: nothing in a file is ever run.
/// </summary>
public static class TokenizerFile
{
    public const string FileName = "tokenizer.json";
    private const string ConfigName = "tokenizer_config.json";
    private const string MapName = "special_tokens_map.json";

    /// <summary>
    /// Reads a tokenizer: a <c>tokenizer.json</c>, a <c>vocab.txt</c>, a <c>vocab.json</c> with its <c>merges.txt</c>, a SentencePiece <c>.model</c>, tiktoken's ranks,
    /// or the best of them in a folder.
    /// </summary>
    /// <exception cref="UserError">It is missing, ill-formed, contradicts itself, or names a stage that is not known.</exception>
    public static Tokenizer Load(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        if (!File.Exists(file) || Path.GetExtension(file) != ".json" || Path.GetFileName(file) == "vocab.json")
        {
            if ((File.Exists(path) || Directory.Exists(path)) && TokenizerFormat.Find(path) is var (format, found))
            {
                try
                {
                    var (definition, roles) = format.Read(found, TokenizerSettings.Read(Path.GetDirectoryName(Path.GetFullPath(found))!));
                    return new(definition, roles);
                }
                catch (UserError e) when (!e.Message.Contains(found, StringComparison.Ordinal))
                {
                    throw new UserError(e.Message, found, inner: e);
                }
            }

            if (!File.Exists(file))
            {
                throw new UserError("there is no tokenizer here", file, $"give a {FileName}, or another tokenizer's file or folder");
            }
        }

        byte[] content;
        try
        {
            content = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot read: {e.Message}", file, inner: e);
        }

        return Parse(content, file, ReadRoles(Path.GetDirectoryName(Path.GetFullPath(file))!));
    }

    /// <summary>Reads the content of a <c>tokenizer.json</c>.</summary>
    /// <param name="content">UTF-8.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="roles">Which token plays which part; guessed when null.</param>
    /// <exception cref="UserError">It is ill-formed, contradicts itself, or names a stage that is not supported yet.</exception>
    public static Tokenizer Parse(ReadOnlySpan<byte> content, string name = FileName, SpecialTokenRoles? roles = null)
    {
        try
        {
            var layout = JsonSerializer.Deserialize<Layout>(content, StageJson.Options) ?? throw new JsonException("there is nothing in it");
            return new(layout.ToDefinition(), roles);
        }
        catch (UserError e)
        {
            throw new UserError(e.Message, name, inner: e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NotSupportedException or ArgumentException or FormatException)
        {
            // the parser's own message already says the path and the line
            throw new UserError($"not a tokenizer: {e.Message.ReplaceLineEndings(" ")}", name, inner: e);
        }
    }

    /// <summary>Writes a tokenizer as one file; <see cref="Tokenizer.WriteTo"/> writes the folder.</summary>
    public static void Save(Tokenizer tokenizer, string path) => Atomic.WriteFile(path, stream => stream.Write(Serialize(tokenizer.Definition)));

    internal static byte[] Serialize(TokenizerDefinition definition) => JsonSerializer.SerializeToUtf8Bytes(Layout.Of(definition), StageJson.Options);

    internal static void WriteFolder(Tokenizer tokenizer, string folder)
    {
        Save(tokenizer, Path.Combine(folder, FileName));
        var map = tokenizer.Roles.Pairs().ToDictionary(p => p.Role, object (p) => p.Token);
        Atomic.WriteFile(Path.Combine(folder, MapName), stream => JsonSerializer.Serialize(stream, map, StageJson.Options));
        var config = new Dictionary<string, object>(map)
        {
            ["added_tokens_decoder"] = tokenizer.Definition.AddedTokens.ToDictionary(t => t.Id.ToString(), object (t) => new
            {
                t.Content,
                t.Lstrip,
                t.Normalized,
                t.Rstrip,
                t.SingleWord,
                t.Special,
            }),
            ["clean_up_tokenization_spaces"] = false,
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
        };
        Atomic.WriteFile(Path.Combine(folder, ConfigName), stream => JsonSerializer.Serialize(stream, config, StageJson.Options));
    }

    /// <summary>The roles that the files beside a tokenizer name; null when there are none.</summary>
    private static SpecialTokenRoles? ReadRoles(string folder)
    {
        foreach (var file in new[] { MapName, ConfigName }.Select(n => Path.Combine(folder, n)).Where(File.Exists))
        {
            try
            {
                using var document = JsonDocument.Parse(File.ReadAllBytes(file));
                var root = document.RootElement;
                return new()
                {
                    Beginning = Token(root, "bos_token"),
                    End = Token(root, "eos_token"),
                    Unknown = Token(root, "unk_token"),
                    Separator = Token(root, "sep_token"),
                    Padding = Token(root, "pad_token"),
                    Classifier = Token(root, "cls_token"),
                    Mask = Token(root, "mask_token"),
                };
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
            {
                throw new UserError($"not a special tokens file: {e.Message.ReplaceLineEndings(" ")}", file, inner: e);
            }
        }

        return null;
    }

    /// <summary>A role is a token, or an added token with its settings.</summary>
    private static string? Token(JsonElement root, string role) => !root.TryGetProperty(role, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Object when value.TryGetProperty("content", out var content) => content.GetString(),
        _ => null,
    };

    /// <summary>The file's keys in the file's order.</summary>
    private sealed record Layout
    {
        public string Version { get; init; } = "1.0";

        public TruncationConfig? Truncation { get; init; }

        public PaddingConfig? Padding { get; init; }

        public IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

        public INormalizer? Normalizer { get; init; }

        public IPreTokenizer? PreTokenizer { get; init; }

        public IPostProcessor? PostProcessor { get; init; }

        public IDecoder? Decoder { get; init; }

        public required ITokenModel Model { get; init; }

        public static Layout Of(TokenizerDefinition definition) => new()
        {
            Version = definition.Version,
            Truncation = definition.Truncation,
            Padding = definition.Padding,
            AddedTokens = [.. definition.AddedTokens.OrderBy(t => t.Id)],
            Normalizer = definition.Normalizer,
            PreTokenizer = definition.PreTokenizer,
            PostProcessor = definition.PostProcessor,
            Decoder = definition.Decoder,
            Model = definition.Model,
        };

        public TokenizerDefinition ToDefinition()
        {
            if (Version != "1.0")
            {
                throw new UserError($"version '{Version}' is not known", mend: "this program reads version 1.0");
            }

            return new()
            {
                Version = Version,
                Truncation = Truncation,
                Padding = Padding,
                AddedTokens = AddedTokens,
                Normalizer = Normalizer,
                PreTokenizer = PreTokenizer,
                PostProcessor = PostProcessor,
                Decoder = Decoder,
                Model = Model,
            };
        }
    }
}
