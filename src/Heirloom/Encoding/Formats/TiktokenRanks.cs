using System.Buffers.Text;
using Heirloom.Encoding.Decoders;
using Heirloom.Encoding.PostProcessors;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Formats;

/// <summary>
/// The ranks of tiktoken: a token in base 64 and its rank a line. How text is split does not stand in the file: the published sets of ranks are told by
/// their size or name. A piece that is a token is taken whole; others are merged by the rank of what two neighbours make.
/// </summary>
internal sealed class TiktokenRanks : TokenizerFormat
{
    protected override int Order => 4;

    protected override IEnumerable<string> NamesIn(string folder) => Directory.EnumerateFiles(folder, "*.tiktoken").Append(Path.Combine(folder, "tokenizer.model"));

    protected override bool Accepts(string file, ReadOnlySpan<byte> beginning)
    {
        var end = beginning.IndexOf((byte)'\n');
        var space = end < 0 ? -1 : beginning[..end].IndexOf((byte)' ');
        return Path.GetExtension(file) is ".tiktoken" || (space > 0 && Base64.IsValid(beginning[..space]) && Utf8Parser.TryParse(beginning[(space + 1)..end], out int _, out _));
    }

    public override (TokenizerDefinition Definition, SpecialTokenRoles Roles) Read(string file, TokenizerSettings settings)
    {
        var vocabulary = new Dictionary<string, int>();
        var number = 0;
        foreach (var line in TextEncoding.UTF8.GetString(Content(file)).Split('\n'))
        {
            number++;
            if (line.AsSpan().Trim().IsEmpty)
            {
                continue;
            }

            var bytes = new byte[line.Length];
            if (line.TrimEnd('\r').Split(' ') is not [var token, var rank] || !Convert.TryFromBase64String(token, bytes, out var length) || length == 0 || !int.TryParse(rank, out var id))
            {
                throw new UserError("a token in base 64 and its rank are expected", $"{file}:{number}");
            }

            if (!vocabulary.TryAdd(ByteAlphabet.Write(bytes.AsSpan(0, length)), id))
            {
                throw new UserError("the token has a rank already", $"{file}:{number}");
            }
        }

        var (pattern, special) = Set(Path.GetFileNameWithoutExtension(file), vocabulary.Count, file);
        var added = settings.Added.Count > 0 ? settings.Added : [.. special.Select(s => new AddedToken { Id = s.Id, Content = s.Token, Special = true })];
        return (new()
        {
            AddedTokens = added,
            PreTokenizer = new SequencePreTokenizer
            {
                PreTokenizers =
                [
                    new Split { Pattern = new() { Regex = pattern }, Behavior = SplitBehavior.Isolated },
                    new ByteLevelPreTokenizer { AddPrefixSpace = false, UseRegex = false },
                ],
            },
            Model = new BpeModel { Vocab = vocabulary, Merges = RankedMerges.Of(vocabulary, vocabulary.OrderBy(t => t.Value).Select(t => t.Key)), IgnoreMerges = true },
            PostProcessor = new ByteLevelPostProcessor { TrimOffsets = false },
            Decoder = new ByteLevelDecoder(),
        }, SpecialTokenRoles.Guess(t => vocabulary.ContainsKey(t) || added.Any(a => a.Content == t)));
    }

    private static (string Pattern, (int Id, string Token)[] Special) Set(string name, int count, string file) => (name, count) switch
    {
        (_, 50256) => (PublishedPatterns.Gpt2, [(50256, "<|endoftext|>")]),
        (_, 50280) => (PublishedPatterns.Gpt2, [(50256, "<|endoftext|>")]),
        ("cl100k_base", _) or (_, 100256) => (PublishedPatterns.Cl100K, [(100257, "<|endoftext|>"), (100258, "<|fim_prefix|>"), (100259, "<|fim_middle|>"), (100260, "<|fim_suffix|>"), (100276, "<|endofprompt|>")]),
        ("o200k_base", _) or (_, 199998) => (PublishedPatterns.O200K, [(199999, "<|endoftext|>"), (200018, "<|endofprompt|>")]),
        (_, 151643) => (PublishedPatterns.Qwen, [(151643, "<|endoftext|>"), (151644, "<|im_start|>"), (151645, "<|im_end|>")]),
        (_, 128000) => (PublishedPatterns.Cl100K, [(128000, "<|begin_of_text|>"), (128001, "<|end_of_text|>"), (128006, "<|start_header_id|>"), (128007, "<|end_header_id|>"), (128009, "<|eot_id|>")]),
        ("gpt2" or "r50k_base" or "p50k_base", _) => (PublishedPatterns.Gpt2, []),
        _ => throw new UserError($"the ranks do not say how text is split, and no published set has {count} of them", file, "convert it to tokenizer.json"),
    };
}
