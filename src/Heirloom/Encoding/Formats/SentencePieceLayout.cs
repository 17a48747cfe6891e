using Heirloom.Encoding.PostProcessors;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Formats;

/// <summary>What a family of models makes of a SentencePiece vocabulary: its ids, further tokens and the frame around a text.</summary>
internal sealed record SentencePieceLayout(IReadOnlyList<SentencePiece> Pieces, int Unknown, SpecialTokenRoles Roles, IPostProcessor? Processor, IReadOnlyList<AddedToken> Extra)
{
    private const int ExtraIds = 100;

    /// <summary>The ids of the file; a beginning or an end is added where the settings say so, and a beginning for Llama in any case (Touvron et al. 2023).</summary>
    public static SentencePieceLayout Plain(SentencePieceModel model, TokenizerSettings settings)
    {
        var roles = model.Roles();
        var begins = settings.Flag("add_bos_token") ?? settings.Kind is "LlamaTokenizer" or "GemmaTokenizer" or "CodeLlamaTokenizer";
        var ends = settings.Flag("add_eos_token") ?? false;
        (string, int)? before = begins && roles.Beginning is { } b ? (b, model.IdOf(b)) : null;
        (string, int)? after = ends && roles.End is { } e ? (e, model.IdOf(e)) : null;
        return new(model.Pieces, model.UnknownId, roles, before is null && after is null ? null : TemplateProcessing.Around(before, after), settings.Added);
    }

    /// <summary>T5 (Raffel et al. 2020): an end after every text, and sentinels that count down to the end of the vocabulary.</summary>
    public static SentencePieceLayout ForT5(SentencePieceModel model, TokenizerSettings settings)
    {
        var (roles, count) = (model.Roles(), settings.Number("extra_ids") ?? ExtraIds);
        var end = roles.End ?? throw new UserError("T5's vocabulary has no end of text", "tokenizer_class");
        IReadOnlyList<AddedToken> extra = settings.Added.Count > 0
            ? settings.Added
            : [.. Enumerable.Range(0, Math.Clamp(count, 0, 10_000)).Select(i => new AddedToken { Id = model.Pieces.Count + count - 1 - i, Content = $"<extra_id_{i}>", Special = true }).OrderBy(t => t.Id)];
        return new(model.Pieces, model.UnknownId, roles, TemplateProcessing.Around(null, (end, model.IdOf(end))), extra);
    }

    /// <summary>XLM-RoBERTa (Conneau et al. 2020): four special tokens in fairseq's order, the pieces behind the file's own three, and a mask at the end.</summary>
    public static SentencePieceLayout ForXlmRoberta(SentencePieceModel model)
    {
        SentencePiece Control(string text, SentencePieceKind kind = SentencePieceKind.Control) => new(text, 0, kind);
        IReadOnlyList<SentencePiece> pieces =
            [Control("<s>"), Control("<pad>"), Control("</s>"), Control("<unk>", SentencePieceKind.Unknown), .. model.Pieces.Skip(3), Control("<mask>")];
        var roles = new SpecialTokenRoles
        {
            Beginning = "<s>", End = "</s>", Separator = "</s>", Classifier = "<s>", Unknown = "<unk>", Padding = "<pad>", Mask = "<mask>",
        };
        return new(pieces, 3, roles, TemplateProcessing.DoubledPairs(("<s>", 0), ("</s>", 2)), []);
    }
}
