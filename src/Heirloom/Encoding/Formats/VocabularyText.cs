using Heirloom.Encoding.Decoders;
using Heirloom.Encoding.Normalizers;
using Heirloom.Encoding.PostProcessors;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Formats;

/// <summary><c>vocab.txt</c>: one WordPiece token a line, its id the line's number; the stages are BERT's (Devlin et al. 2019).</summary>
internal sealed class VocabularyText : TokenizerFormat
{
    protected override int Order => 3;

    protected override IEnumerable<string> NamesIn(string folder) => [Path.Combine(folder, "vocab.txt")];

    protected override bool Accepts(string file, ReadOnlySpan<byte> beginning) => Path.GetExtension(file) == ".txt" && Path.GetFileName(file) != "merges.txt";

    public override (TokenizerDefinition Definition, SpecialTokenRoles Roles) Read(string file, TokenizerSettings settings)
    {
        var vocabulary = new Dictionary<string, int>();
        var lines = TextEncoding.UTF8.GetString(Content(file)).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var token = lines[i].TrimEnd('\r');
            if (i == lines.Length - 1 && token.Length == 0)
            {
                break;
            }

            if (!vocabulary.TryAdd(token, i))
            {
                throw new UserError($"'{token}' is the token of line {vocabulary[token] + 1} too", $"{file}:{i + 1}", "give each token one line");
            }
        }

        var roles = new SpecialTokenRoles
        {
            Unknown = settings.Text("unk_token") ?? "[UNK]",
            Separator = Known(settings.Text("sep_token") ?? "[SEP]"),
            Classifier = Known(settings.Text("cls_token") ?? "[CLS]"),
            Padding = Known(settings.Text("pad_token") ?? "[PAD]"),
            Mask = Known(settings.Text("mask_token") ?? "[MASK]"),
        };
        var (before, after) = (roles.Classifier, roles.Separator);
        return (new()
        {
            AddedTokens = Added(settings, vocabulary, [roles.Padding, roles.Unknown, before, after, roles.Mask]),
            Normalizer = new BertNormalizer
            {
                Lowercase = settings.Flag("do_lower_case") ?? true,
                HandleChineseChars = settings.Flag("tokenize_chinese_chars") ?? true,
                StripAccents = settings.Flag("strip_accents"),
            },
            PreTokenizer = new BertPreTokenizer(),
            Model = new WordPieceModel { UnkToken = roles.Unknown, Vocab = vocabulary },
            PostProcessor = before is null || after is null ? null : TemplateProcessing.Pairs((before, vocabulary[before]), (after, vocabulary[after])),
            Decoder = new WordPieceDecoder(),
        }, roles);

        string? Known(string token) => vocabulary.ContainsKey(token) ? token : null;
    }
}
