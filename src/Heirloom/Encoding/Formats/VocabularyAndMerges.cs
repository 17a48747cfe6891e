using Heirloom.Encoding.Decoders;
using Heirloom.Encoding.Normalizers;
using Heirloom.Encoding.PostProcessors;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Formats;

/// <summary>
/// <c>vocab.json</c> and <c>merges.txt</c>: byte-level BPE. The settings beside them, or else the special tokens, tell whose stages are around it:
/// GPT-2's (Radford et al. 2019), RoBERTa's and BART's (Liu et al. 2019), CLIP's (Radford et al. 2021) or Qwen's (Bai et al. 2023).
/// </summary>
internal sealed class VocabularyAndMerges : TokenizerFormat
{
    protected override int Order => 2;

    protected override IEnumerable<string> NamesIn(string folder) => [Path.Combine(folder, "vocab.json")];

    protected override bool Accepts(string file, ReadOnlySpan<byte> beginning) => Path.GetFileName(file) is "vocab.json" or "merges.txt";

    public override (TokenizerDefinition Definition, SpecialTokenRoles Roles) Read(string file, TokenizerSettings settings)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var vocabulary = Vocabulary(Path.Combine(folder, "vocab.json"));
        var merges = Merges(Path.Combine(folder, "merges.txt"));
        var kind = Kind(settings.Kind, vocabulary);
        string? Token(string role, string usual) => (settings.Text(role) ?? usual) is var token && vocabulary.ContainsKey(token) ? token : settings.Added.FirstOrDefault(t => t.Content == token)?.Content;
        int Id(string token) => vocabulary.TryGetValue(token, out var id) ? id : settings.Added.First(t => t.Content == token).Id;
        var framed = kind is "Roberta" or "CLIP";
        var roles = new SpecialTokenRoles
        {
            Beginning = Token("bos_token", kind switch { "Roberta" => "<s>", "CLIP" => "<|startoftext|>", "Qwen2" => "", _ => "<|endoftext|>" }),
            End = Token("eos_token", kind == "Roberta" ? "</s>" : "<|endoftext|>"),
            Unknown = Token("unk_token", kind == "Roberta" ? "<unk>" : "<|endoftext|>"),
            Padding = Token("pad_token", kind == "Roberta" ? "<pad>" : kind == "GPT2" ? "" : "<|endoftext|>"),
            Separator = kind == "Roberta" ? Token("sep_token", "</s>") : null,
            Classifier = kind == "Roberta" ? Token("cls_token", "<s>") : null,
            Mask = kind == "Roberta" ? Token("mask_token", "<mask>") : null,
        };
        if (framed && (roles.Beginning is null || roles.End is null))
        {
            throw new UserError($"the vocabulary has not both the beginning and the end that a {kind} tokenizer puts around a text", Path.Combine(folder, "vocab.json"), "name them in tokenizer_config.json");
        }

        var prefix = settings.Flag("add_prefix_space") ?? false;
        var bytes = new ByteLevelPreTokenizer { AddPrefixSpace = prefix, UseRegex = kind is not ("CLIP" or "Qwen2") };
        var added = Added(settings, vocabulary, [roles.Beginning, roles.End, roles.Unknown, roles.Padding, roles.Separator, roles.Classifier, roles.Mask])
            .Select(t => kind == "Roberta" && t.Content == roles.Mask && settings.Added.Count == 0 ? t with { Lstrip = true } : t);
        return (new()
        {
            AddedTokens = [.. added],
            Normalizer = kind switch
            {
                "CLIP" => new SequenceNormalizer { Normalizers = [new Nfc(), new Replace { Pattern = new() { Regex = @"\s+" }, Content = " " }, new Lowercase()] },
                "Qwen2" => new Nfc(),
                _ => null,
            },
            PreTokenizer = kind switch
            {
                "CLIP" => Sequence(PublishedPatterns.Clip, SplitBehavior.Removed, invert: true, bytes),
                "Qwen2" => Sequence(PublishedPatterns.Qwen, SplitBehavior.Isolated, invert: false, bytes),
                _ => bytes,
            },
            Model = new BpeModel
            {
                Vocab = vocabulary,
                Merges = merges,
                UnkToken = kind == "CLIP" ? roles.Unknown : null,
                EndOfWordSuffix = kind == "CLIP" ? "</w>" : null,
                ContinuingSubwordPrefix = "",
            },
            PostProcessor = framed && roles.Beginning is { } b && roles.End is { } e
                ? new RobertaProcessing { Cls = new(b, Id(b)), Sep = new(e, Id(e)), AddPrefixSpace = prefix, TrimOffsets = kind == "Roberta" }
                : new ByteLevelPostProcessor { TrimOffsets = false },
            Decoder = new ByteLevelDecoder(),
        }, roles);
    }

    private static string Kind(string named, Dictionary<string, int> vocabulary) => named switch
    {
        _ when named.StartsWith("CLIP", StringComparison.Ordinal) => "CLIP",
        _ when named.StartsWith("Qwen2", StringComparison.Ordinal) => "Qwen2",
        "RobertaTokenizer" or "BartTokenizer" or "LongformerTokenizer" or "LEDTokenizer" or "MvpTokenizer" => "Roberta",
        "" when vocabulary.ContainsKey("<|startoftext|>") && vocabulary.ContainsKey("a</w>") => "CLIP",
        "" when vocabulary.ContainsKey("<s>") && vocabulary.ContainsKey("</s>") && vocabulary.ContainsKey("<mask>") => "Roberta",
        _ => "GPT2",
    };

    private static SequencePreTokenizer Sequence(string pattern, SplitBehavior behavior, bool invert, IPreTokenizer bytes) =>
        new() { PreTokenizers = [new Split { Pattern = new() { Regex = pattern }, Behavior = behavior, Invert = invert }, bytes] };

    private static List<BpeMerge> Merges(string file)
    {
        if (!File.Exists(file))
        {
            throw new UserError("a vocabulary of byte-pair encoding needs its merges", file, "put merges.txt beside vocab.json");
        }

        var merges = new List<BpeMerge>();
        var lines = TextEncoding.UTF8.GetString(Content(file)).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].TrimEnd('\r');
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal))
            {
                continue;
            }

            merges.Add(line.Split(' ') is [var left, var right] ? new(left, right) : throw new UserError($"'{line}' is not two tokens with a space between", $"{file}:{i + 1}"));
        }

        return merges;
    }
}
