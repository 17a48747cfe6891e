using System.ComponentModel.DataAnnotations;
using System.Text;

namespace Heirloom.Data.Sources;

/// <summary>How a text file is cut into documents.</summary>
public enum TextSplit
{
    /// <summary>One document a file.</summary>
    None,

    /// <summary>One a paragraph: blank lines separate.</summary>
    BlankLines,

    /// <summary>One a line; blank lines are left out.</summary>
    Lines,

    /// <summary>Runs of whole lines, some 64 thousand characters each, parted where a line begins without white space: for learning tokenizers from files of any size.</summary>
    Blocks,
}

/// <summary>Plain text: one file, or all that match a glob (<c>corpus/**/*.txt</c>), <c>.gz</c> accepted.</summary>
[Kind("text")]
public sealed record TextSourceConfig : SourceConfig, IExample<TextSourceConfig>
{
    /// <summary>A file, a pattern of <c>*</c>, <c>?</c> and <c>**</c>, or files of a data set on the hub (<c>hf:org/name@revision:folder/*.txt</c>).</summary>
    public required string Path { get; init; }

    public TextSplit Split { get; init; } = TextSplit.None;

    public Charset Encoding { get; init; } = Charset.Utf8;

    /// <summary>A longer document is refused by name.</summary>
    [Range(1, 1 << 30)]
    public int MaxCharacters { get; init; } = DocumentLimits.MaxCharacters;

    public static TextSourceConfig Example => new() { Path = "corpus.txt" };

    public override IDocumentSource Open(WorkContext work)
    {
        var files = SourceFiles.Find(Path, work);
        return new DocumentStream(Path, () => Hashes.OfText($"text {Split} {Encoding} {Hashes.OfFiles(files, work.Places)}"), () => files.SelectMany(Read)).Checked();
    }

    private IEnumerable<Document> Read(string file) => Split switch
    {
        TextSplit.Lines => Lines(file).Where(l => !string.IsNullOrWhiteSpace(l.Text)).Select(l => new Document($"{file}:{l.Line}", l.Text)),
        TextSplit.BlankLines => Paragraphs(file),
        TextSplit.Blocks => Blocks(file),
        _ => [Whole(file)],
    };

    private Document Whole(string file)
    {
        using var text = new StrictText(SourceFiles.Open(file), file, Encoding);
        return new(file, text.ReadToEnd(MaxCharacters));
    }

    private IEnumerable<(long Line, string Text)> Lines(string file)
    {
        using var text = new StrictText(SourceFiles.Open(file), file, Encoding);
        var line = new StringBuilder();
        for (var number = 1L; text.ReadLine(line, MaxCharacters, number); number++)
        {
            yield return (number, line.ToString());
        }
    }

    private IEnumerable<Document> Blocks(string file)
    {
        const int Enough = 1 << 16;
        var block = new StringBuilder();
        var first = 1L;
        foreach (var (number, line) in Lines(file))
        {
            if (block.Length >= Enough && line.Length > 0 && !char.IsWhiteSpace(line[0]))
            {
                yield return new($"{file}:{first}", block.ToString());
                (first, _) = (number, block.Clear());
            }

            block.Append(line).Append('\n');
        }

        if (block.Length > 0)
        {
            yield return new($"{file}:{first}", block.ToString());
        }
    }

    private IEnumerable<Document> Paragraphs(string file)
    {
        var paragraph = new StringBuilder();
        var first = 0L;
        foreach (var (number, line) in Lines(file))
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                first = paragraph.Length == 0 ? number : first;
                paragraph.Append(paragraph.Length == 0 ? "" : "\n").Append(line);
                DocumentLimits.Require(paragraph.Length, MaxCharacters, $"{file}:{first}");
            }
            else if (paragraph.Length > 0)
            {
                yield return new($"{file}:{first}", paragraph.ToString());
                paragraph.Clear();
            }
        }

        if (paragraph.Length > 0)
        {
            yield return new($"{file}:{first}", paragraph.ToString());
        }
    }
}
