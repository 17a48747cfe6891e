using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;

namespace Heirloom.Data.Sources;

/// <summary>One JSON object a line, <c>.gz</c> accepted. Every other top-level field is kept as text; nested values keep their JSON.</summary>
[Kind("jsonl")]
public sealed record JsonlSourceConfig : SourceConfig, IExample<JsonlSourceConfig>
{
    /// <summary>A file, a pattern of <c>*</c>, <c>?</c> and <c>**</c>, or files of a data set on the hub (<c>hf:org/name@revision:folder/*.jsonl</c>).</summary>
    public required string Path { get; init; }

    /// <summary>The field that holds the text.</summary>
    public string Text { get; init; } = "text";

    /// <summary>The field that names the document; file and line where null.</summary>
    public string? Id { get; init; }

    public Charset Encoding { get; init; } = Charset.Utf8;

    /// <summary>A longer document is refused by name.</summary>
    [Range(1, 1 << 30)]
    public int MaxCharacters { get; init; } = DocumentLimits.MaxCharacters;

    public static JsonlSourceConfig Example => new() { Path = "corpus.jsonl" };

    public override IDocumentSource Open(WorkContext work)
    {
        var files = SourceFiles.Find(Path, work);
        return new DocumentStream(
            Path,
            () => Hashes.OfText($"jsonl {Text} {Id} {Encoding} {Hashes.OfFiles(files, work.Places)}"),
            () => files.SelectMany(Read)).Checked();
    }

    private IEnumerable<Document> Read(string file)
    {
        // JSON escapes can make a line up to six times as long as its text, and other fields lie beside it
        var maxLine = (int)Math.Min(8L * MaxCharacters + (1 << 20), int.MaxValue / 2);
        using var text = new StrictText(SourceFiles.Open(file), file, Encoding);
        var line = new StringBuilder();
        for (var number = 1L; text.ReadLine(line, maxLine, number); number++)
        {
            var json = line.ToString();
            if (!string.IsNullOrWhiteSpace(json))
            {
                yield return Parse(json, $"{file}:{number}");
            }
        }
    }

    private Document Parse(string json, string where)
    {
        try
        {
            using var parsed = JsonDocument.Parse(json);
            if (parsed.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new UserError($"a line holds {parsed.RootElement.ValueKind} where an object is expected", where, "write one JSON object a line");
            }

            var fields = new Dictionary<string, string>();
            string? text = null;
            foreach (var property in parsed.RootElement.EnumerateObject())
            {
                if (property.NameEquals(Text))
                {
                    text = property.Value.ValueKind == JsonValueKind.String
                        ? property.Value.GetString()
                        : throw new UserError($"field '{Text}' holds {property.Value.ValueKind}", where, "the text must be a string");
                }
                else
                {
                    fields[property.Name] = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText();
                }
            }

            if (text is null)
            {
                throw new UserError($"there is no field '{Text}'", where, fields.Count == 0 ? "set text" : UserError.Nearest(Text, fields.Keys));
            }

            DocumentLimits.Require(text.Length, MaxCharacters, where);
            return new(Id is null ? where : fields.GetValueOrDefault(Id) ?? throw new UserError($"there is no field '{Id}'", where, UserError.Nearest(Id, fields.Keys)), text) { Fields = fields };
        }
        catch (JsonException e)
        {
            throw new UserError($"is not JSON: {e.Message.Split('.')[0]}", where, "write one JSON object a line", e);
        }
        catch (InvalidOperationException e)
        {
            // an escaped half of a surrogate pair is JSON, but no text
            throw new UserError("a string holds half of a surrogate pair", where, "write whole characters", e);
        }
    }
}
