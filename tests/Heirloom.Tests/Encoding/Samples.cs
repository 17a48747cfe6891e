using System.Text.Json;
using CsCheck;
using Heirloom.Encoding;
using Heirloom.Encoding.Normalizers;
using Heirloom.Encoding.PostProcessors;
using Heirloom.Encoding.PreTokenizers;

namespace Heirloom.Tests.Encoding;

/// <summary>Small tokenizers and nasty text.</summary>
internal static class Samples
{
    public static readonly string[] Text =
    [
        "the quick brown fox jumps over the lazy dog; the dog doesn't mind, and they've seen it's only a fox",
        "low lower lowest new newer newest wide wider widest 1999 2000 2001\n\n  indented   text\tand tabs \r\n",
        "naïve café — “quotes” Ångström Привет мир 日本語のテキスト 👩‍👩‍👧‍👦 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 नमस्ते",
    ];

    /// <summary>UTF-16 text, well-formed, of every category, with the characters on which tokenizers stumble.</summary>
    public static readonly Gen<string> Unicode = Gen.OneOf<string>(
        Gen.OneOf("'s", "'ll", "'re", "'v", "'", " ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u3000", "\u0085", "\u200B", "\uFEFF", "e\u0301", "İ", "ß", "ſ", "½", "Ⅷ", "٣", "\0", "\uFFFD", "<|endoftext|>"),
        Gen.OneOf("the", " the", "dog", "123", "...", "日本", "👍🏽", "𝔘", "𐍈", "𝟙", "𐄇"),
        Gen.Int[0, 0x10FFFF].Where(c => c is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32),
        Gen.Int[32, 126].Select(char.ConvertFromUtf32)).Array[0, 30].Select(string.Concat);

    public static ByteLevelBpe Bpe { get; } = BpeTrainer.Train(Text, new() { VocabularySize = 320, SpecialTokens = ["<pad>"], Padding = "<pad>" }, new());

    public static byte[] WordPiece(IReadOnlyList<string> vocabulary) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        version = "1.0",
        truncation = (object?)null,
        padding = (object?)null,
        added_tokens = vocabulary.Index().Where(t => t.Item.StartsWith('[')).Select(t => new { id = t.Index, content = t.Item, special = true }),
        normalizer = new { type = "BertNormalizer", clean_text = true, handle_chinese_chars = true, strip_accents = (bool?)null, lowercase = true },
        pre_tokenizer = new { type = "BertPreTokenizer" },
        post_processor = new
        {
            type = "TemplateProcessing",
            single = new object[] { Special("[CLS]"), new { Sequence = new { id = "A", type_id = 0 } }, Special("[SEP]") },
            pair = Array.Empty<object>(),
            special_tokens = new[] { "[CLS]", "[SEP]" }.ToDictionary(t => t, t => new { id = t, ids = new[] { vocabulary.Index().First(v => v.Item == t).Index }, tokens = new[] { t } }),
        },
        decoder = new { type = "WordPiece", prefix = "##", cleanup = true },
        model = new
        {
            type = "WordPiece",
            unk_token = "[UNK]",
            continuing_subword_prefix = "##",
            max_input_chars_per_word = 100,
            vocab = vocabulary.Index().ToDictionary(t => t.Item, t => t.Index),
        },
    });

    private static object Special(string token) => new { SpecialToken = new { id = token, type_id = 0 } };
}
