using Heirloom.Encoding.Decoders;
using Heirloom.Encoding.Normalizers;
using Heirloom.Encoding.PreTokenizers;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Formats;

/// <summary>A SentencePiece model (Kudo and Richardson 2018), Unigram or BPE. The settings beside it say which special tokens go around a text, as for T5, XLM-RoBERTa and Llama.</summary>
internal sealed class SentencePieceFile : TokenizerFormat
{
    private const string Space = "▁";

    protected override int Order => 1;

    protected override IEnumerable<string> NamesIn(string folder) =>
        [.. new[] { "tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "spm.model", "sentencepiece.model" }.Select(n => Path.Combine(folder, n)), .. Directory.EnumerateFiles(folder, "*.model").Order()];

    protected override bool Accepts(string file, ReadOnlySpan<byte> beginning) => Path.GetExtension(file) is ".model" or ".spm" && beginning.Length > 1 && beginning[0] == 0x0A;

    public override (TokenizerDefinition Definition, SpecialTokenRoles Roles) Read(string file, TokenizerSettings settings)
    {
        var model = SentencePieceModel.Parse(Content(file), file);
        var layout = Layout(model, settings);
        var pieces = layout.Pieces;
        var ids = new Dictionary<string, int>();
        foreach (var (id, piece) in pieces.Index())
        {
            if (!ids.TryAdd(piece.Text, id))
            {
                throw new UserError($"the piece '{piece.Text}' is there twice, as {ids[piece.Text]} and {id}", file);
            }
        }

        var special = pieces.Index().Where(p => p.Item.Kind is SentencePieceKind.Control or SentencePieceKind.Unknown or SentencePieceKind.UserDefined)
            .Select(p => new AddedToken { Id = p.Index, Content = p.Item.Text, Special = p.Item.Kind != SentencePieceKind.UserDefined, Lstrip = p.Item.Text == layout.Roles.Mask });
        var splits = pieces.All(p => p.Text.LastIndexOf(Space, StringComparison.Ordinal) <= 0);
        // where white space is kept, the prefix stands before that of the text too, as only a normalizer puts it
        var prefixed = model is { AddDummyPrefix: true, RemoveExtraWhitespaces: false };
        var scheme = model.AddDummyPrefix && !prefixed ? PrependScheme.Always : PrependScheme.Never;
        ITokenModel stage = model.IsBpe
            ? new BpeModel
            {
                Vocab = ids,
                Merges = RankedMerges.Of(ids, pieces.Where(p => p.Kind is SentencePieceKind.Normal).OrderByDescending(p => p.Score).Select(p => p.Text)),
                UnkToken = pieces[layout.Unknown].Text,
                FuseUnk = true,
                ByteFallback = model.ByteFallback,
            }
            : new UnigramModel { Vocab = [.. pieces.Select(p => new UnigramPiece(p.Text, p.Score))], UnkId = layout.Unknown, ByteFallback = model.ByteFallback };
        return (new()
        {
            AddedTokens = [.. special.Concat(layout.Extra).DistinctBy(t => t.Content)],
            Normalizer = Normalizer(model, prefixed),
            PreTokenizer = new Metaspace { Replacement = Space, PrependScheme = scheme, Split = splits },
            Model = stage,
            PostProcessor = layout.Processor,
            Decoder = model.ByteFallback
                ? new SequenceDecoder
                {
                    Decoders =
                    [
                        new Replace { Pattern = new() { String = Space }, Content = " " }, new ByteFallbackDecoder(), new FuseDecoder(),
                        new StripDecoder { Content = " ", Start = model.AddDummyPrefix ? 1 : 0, Stop = 0 },
                    ],
                }
                : new Metaspace { Replacement = Space, PrependScheme = scheme },
        }, layout.Roles);
    }

    private static INormalizer? Normalizer(SentencePieceModel model, bool prefixed)
    {
        var stages = new List<INormalizer>();
        if (model.CharacterMap.Length > 0)
        {
            stages.Add(new Precompiled { PrecompiledCharsmap = model.CharacterMap });
        }

        if (model.RemoveExtraWhitespaces)
        {
            stages.Add(new Replace { Pattern = new() { Regex = @"\A +| +\z" }, Content = "" });
            stages.Add(new Replace { Pattern = new() { Regex = " {2,}" }, Content = " " });
        }

        if (prefixed)
        {
            stages.Add(new Prepend { Text = Space });
            stages.Add(new Replace { Pattern = new() { String = " " }, Content = Space });
        }

        return stages.Count switch { 0 => null, 1 => stages[0], _ => new SequenceNormalizer { Normalizers = stages } };
    }

    /// <summary>The ids and the frame that the tokenizer's class gives the pieces.</summary>
    private static SentencePieceLayout Layout(SentencePieceModel model, TokenizerSettings settings) => settings.Kind switch
    {
        "T5Tokenizer" => SentencePieceLayout.ForT5(model, settings),
        "XLMRobertaTokenizer" or "XLMRoberta" => SentencePieceLayout.ForXlmRoberta(model),
        _ => SentencePieceLayout.Plain(model, settings),
    };
}
