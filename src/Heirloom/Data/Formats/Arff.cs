using System.Globalization;
using System.Text;

namespace Heirloom.Data.Formats;

/// <summary>A column of an ARFF file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type"><c>numeric</c>, <c>nominal</c> or <c>string</c> (dates are strings).</param>
/// <param name="Values">What a nominal column may hold.</param>
public sealed record ArffAttribute(string Name, string Type, IReadOnlyList<string> Values);

/// <summary>A table in Weka's attribute-relation format (dense rows; sparse and relational ones are refused), read row by row.</summary>
public sealed class Arff
{
    private readonly string _path;

    private Arff(string path, IReadOnlyList<ArffAttribute> attributes)
    {
        _path = path;
        Attributes = attributes;
    }

    public IReadOnlyList<ArffAttribute> Attributes { get; }

    /// <summary>Reads the header.</summary>
    /// <exception cref="UserError">The file is not there, or its header is not well formed.</exception>
    public static Arff Open(string path)
    {
        var attributes = new List<ArffAttribute>();
        foreach (var (line, number) in Lines(path))
        {
            if (IsKeyword(line, "@data"))
            {
                return attributes.Count > 0 ? new(path, attributes) : throw new UserError("there is no @attribute before @data", $"{path}:{number}");
            }

            if (IsKeyword(line, "@attribute"))
            {
                attributes.Add(ParseAttribute(line["@attribute".Length..], $"{path}:{number}"));
            }
            else if (!IsKeyword(line, "@relation"))
            {
                throw new UserError($"'{Cut(line)}' is no part of an ARFF header", $"{path}:{number}", "valid: @relation, @attribute, @data");
            }
        }

        throw new UserError("there is no @data", path, "the file is cut short or no ARFF file");
    }

    /// <summary>The rows: one text for each attribute, null where missing (<c>?</c>).</summary>
    /// <exception cref="UserError">A row does not fit the header; says its line.</exception>
    public IEnumerable<string?[]> Rows()
    {
        var inData = false;
        foreach (var (line, number) in Lines(_path))
        {
            if (!inData)
            {
                inData = IsKeyword(line, "@data");
                continue;
            }

            yield return ParseRow(line, $"{_path}:{number}");
        }
    }

    private string?[] ParseRow(string line, string where)
    {
        if (line[0] == '{')
        {
            throw new UserError("the row is sparse, which is not read", where, "save the table with dense rows");
        }

        var cells = Split(line, where);
        if (cells.Count != Attributes.Count)
        {
            throw new UserError($"the row has {cells.Count} values and the header {Attributes.Count} attributes", where);
        }

        var row = new string?[cells.Count];
        for (var i = 0; i < row.Length; i++)
        {
            var (text, quoted) = cells[i];
            var attribute = Attributes[i];
            row[i] = text == "?" && !quoted ? null : text;
            var fits = row[i] is null || attribute.Type switch
            {
                "numeric" => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _),
                "nominal" => attribute.Values.Contains(text),
                _ => true,
            };
            if (!fits)
            {
                throw new UserError($"'{Cut(text)}' is no value of the {attribute.Type} attribute '{attribute.Name}'", where,
                    attribute.Type == "nominal" ? UserError.Nearest(text.Length > 40 ? text[..40] : text, attribute.Values) : null);
            }
        }

        return row;
    }

    private static ArffAttribute ParseAttribute(string text, string where)
    {
        text = text.Trim();
        var at = 0;
        var (name, _) = Token(text, ref at, where, stopAtComma: false);
        var type = text[at..].Trim();
        if (name.Length == 0)
        {
            throw new UserError("the attribute has no name", where);
        }

        if (type is ['{', .. var list, '}'])
        {
            return new(name, "nominal", [.. Split(list, where).Select(value => value.Text)]);
        }

        var word = type.Split([' ', '\t'], 2)[0].ToLowerInvariant();
        return word switch
        {
            "numeric" or "real" or "integer" => new(name, "numeric", []),
            "string" or "date" => new(name, "string", []),
            _ => throw new UserError($"the attribute '{name}' has the type '{Cut(type)}'", where, "valid: numeric, real, integer, string, date, {a, b, ...}"),
        };
    }

    private static List<(string Text, bool Quoted)> Split(string line, string where)
    {
        var cells = new List<(string, bool)>();
        var at = 0;
        while (true)
        {
            cells.Add(Token(line, ref at, where, stopAtComma: true));
            if (at >= line.Length)
            {
                return cells;
            }

            if (line[at] != ',')
            {
                throw new UserError($"a comma should follow value {cells.Count}", where);
            }

            at++;
        }
    }

    /// <summary>One word or quoted text, with the white space around it.</summary>
    private static (string Text, bool Quoted) Token(string line, ref int at, string where, bool stopAtComma)
    {
        SkipSpace(line, ref at);
        if (at >= line.Length || line[at] is not ('\'' or '"'))
        {
            var start = at;
            while (at < line.Length && line[at] != ',' && (stopAtComma || !char.IsWhiteSpace(line[at])))
            {
                at++;
            }

            return (line[start..at].Trim(), false);
        }

        var quote = line[at++];
        var text = new StringBuilder();
        for (; at < line.Length; at++)
        {
            if (line[at] == quote)
            {
                at++;
                SkipSpace(line, ref at);
                return (text.ToString(), true);
            }

            if (line[at] == '\\' && at + 1 < line.Length)
            {
                at++;
                text.Append(line[at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other });
            }
            else
            {
                text.Append(line[at]);
            }
        }

        throw new UserError("a quotation mark is not closed", where);
    }

    private static void SkipSpace(string line, ref int at)
    {
        while (at < line.Length && char.IsWhiteSpace(line[at]))
        {
            at++;
        }
    }

    private static bool IsKeyword(string line, string keyword) =>
        line.StartsWith(keyword, StringComparison.OrdinalIgnoreCase) && (line.Length == keyword.Length || char.IsWhiteSpace(line[keyword.Length]));

    private static string Cut(string text) => text.Length > 60 ? text[..60] + "…" : text;

    private static IEnumerable<(string Line, int Number)> Lines(string path)
    {
        using var reader = Compressed.Guard(path, () => new StreamReader(path));
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            line = line.Trim();
            if (line.Length > 0 && line[0] != '%')
            {
                yield return (line, number);
            }
        }
    }
}
