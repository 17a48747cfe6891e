using System.Text.Json;
using System.Text.Json.Nodes;

namespace Heirloom.Cli.Verbs.Use;

/// <summary>One text of an input, with where it stood.</summary>
internal readonly record struct TextLine(string Text, string? Pair, string Where);

/// <summary>Texts from the command line, from a file of lines, or from JSON lines; a file is read as it is needed.</summary>
internal static class TextLines
{
    /// <param name="texts">Words of the command line.</param>
    /// <param name="file">A file; <c>-</c> for standard input.</param>
    /// <param name="fields">Of JSON lines, the fields that may hold the text, best first.</param>
    /// <param name="input">Standard input.</param>
    /// <exception cref="UserError">Nothing given, no such file, or a line that is no JSON or lacks the field.</exception>
    public static IEnumerable<TextLine> Read(IReadOnlyList<string> texts, string? file, IReadOnlyList<string> fields, TextReader input)
    {
        if (texts.Count > 0 && file is not null)
        {
            throw new UserError("texts are given twice", "--file", "give them as words or as a file");
        }

        if (texts.Count == 0 && file is null)
        {
            throw new UserError("there is no text", mend: "give it as a word, or by --file");
        }

        if (file is not (null or "-") && !File.Exists(file))
        {
            throw new UserError("no such file", file);
        }

        return file is null ? texts.Select((t, i) => new TextLine(t, null, $"text {i + 1}")) : Lines(file, fields, input);
    }

    private static IEnumerable<TextLine> Lines(string file, IReadOnlyList<string> fields, TextReader input)
    {
        using var reader = file == "-" ? null : new StreamReader(file);
        var json = Path.GetExtension(file) is ".jsonl" or ".ndjson" or ".json";
        var number = 0;
        while ((reader ?? input).ReadLine() is { } line)
        {
            number++;
            var where = $"{file}:{number}";
            if (line.Length > 0 || !json)
            {
                yield return json ? Parse(line, fields, where) : new(line, null, where);
            }
        }
    }

    private static TextLine Parse(string line, IReadOnlyList<string> fields, string where)
    {
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(line);
        }
        catch (JsonException e)
        {
            throw new UserError("is no JSON", where, "one object a line", e);
        }

        return node switch
        {
            JsonValue text when text.TryGetValue<string>(out var only) => new(only, null, where),
            JsonObject o => new(Field(o, fields) ?? throw new UserError($"has no text under {string.Join(" or ", fields.Select(f => $"'{f}'"))}", where), Field(o, ["pair", "text_pair"]), where),
            _ => throw new UserError("is neither an object nor a text", where),
        };
    }

    private static string? Field(JsonObject o, IReadOnlyList<string> names) =>
        names.Select(n => o.TryGetPropertyValue(n, out var v) && v is JsonValue value && value.TryGetValue<string>(out var text) ? text : null).FirstOrDefault(t => t is not null);
}
