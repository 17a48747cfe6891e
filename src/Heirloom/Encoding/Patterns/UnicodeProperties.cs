using System.Collections.Concurrent;
using System.Globalization;

namespace Heirloom.Encoding.Patterns;

/// <summary>The character properties that a pattern may name: general categories, scripts, and the classes of POSIX, in Unicode's sense.</summary>
internal static partial class UnicodeProperties
{
    private static readonly Lazy<CodePointSet[]> Categories = new(() =>
    {
        var ranges = new List<(int, int)>[30];
        for (var i = 0; i < ranges.Length; i++)
        {
            ranges[i] = [];
        }

        var (start, current) = (0, CharUnicodeInfo.GetUnicodeCategory(0));
        for (var c = 1; c <= CodePointSet.Last + 1; c++)
        {
            var next = c <= CodePointSet.Last ? CharUnicodeInfo.GetUnicodeCategory(c) : (UnicodeCategory)(-1);
            if (next != current)
            {
                ranges[(int)current].Add((start, c - 1));
                (start, current) = (c, next);
            }
        }

        return [.. ranges.Select(r => CodePointSet.Of(r))];
    });

    private static readonly ConcurrentDictionary<string, CodePointSet?> Found = new();

    /// <summary>The scripts of the tables, which come first there.</summary>
    public static IEnumerable<string> ScriptNames => Tables.Split('\n').Where(l => !l.StartsWith(' ')).Select(l => l[..l.IndexOf(':', StringComparison.Ordinal)]).TakeWhile(n => n != "emoji");

    /// <summary>What a word is made of, in a class.</summary>
    public static CodePointSet Word => Find("word")!;

    /// <summary>The same outside of a class, where Oniguruma counts some numbers of Latin-1 in.</summary>
    public static CodePointSet WordAlone { get; } = Word.Or(CodePointSet.Of([(0xB2, 0xB3), (0xB9, 0xB9), (0xBC, 0xBE)]));

    public static CodePointSet Space { get; } = CodePointSet.Of([(9, 13), (0x20, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000)]);

    public static CodePointSet Digit => Find("nd")!;

    public static CodePointSet Hexadecimal { get; } = CodePointSet.Of([('0', '9'), ('A', 'F'), ('a', 'f')]);

    /// <summary>A property by name, whatever its case, spaces, hyphens and underscores; null where there is none.</summary>
    public static CodePointSet? Find(string name) =>
        Found.GetOrAdd(string.Concat(name.Where(c => c is not (' ' or '-' or '_'))).ToLowerInvariant(), Make);

    private static CodePointSet? Make(string name) => name switch
    {
        "any" => CodePointSet.All,
        "assigned" => Category("Cn").Not(),
        "ascii" => CodePointSet.Of(0, 0x7F),
        "l" or "letter" => Category("LuLlLtLmLo"),
        "lc" or "casedletter" => Category("LuLlLt"),
        "lu" or "uppercaseletter" => Category("Lu"),
        "ll" or "lowercaseletter" => Category("Ll"),
        "lt" or "titlecaseletter" => Category("Lt"),
        "lm" or "modifierletter" => Category("Lm"),
        "lo" or "otherletter" => Category("Lo"),
        "m" or "mark" or "combiningmark" => Category("MnMcMe"),
        "mn" or "nonspacingmark" => Category("Mn"),
        "mc" or "spacingmark" => Category("Mc"),
        "me" or "enclosingmark" => Category("Me"),
        "n" or "number" => Category("NdNlNo"),
        "nd" or "decimalnumber" or "digit" => Category("Nd"),
        "nl" or "letternumber" => Category("Nl"),
        "no" or "othernumber" => Category("No"),
        "p" or "punctuation" => Category("PcPdPsPePiPfPo"),
        "pc" or "connectorpunctuation" => Category("Pc"),
        "pd" or "dashpunctuation" => Category("Pd"),
        "ps" or "openpunctuation" => Category("Ps"),
        "pe" or "closepunctuation" => Category("Pe"),
        "pi" or "initialpunctuation" => Category("Pi"),
        "pf" or "finalpunctuation" => Category("Pf"),
        "po" or "otherpunctuation" => Category("Po"),
        "s" or "symbol" => Category("SmScSkSo"),
        "sm" or "mathsymbol" => Category("Sm"),
        "sc" or "currencysymbol" => Category("Sc"),
        "sk" or "modifiersymbol" => Category("Sk"),
        "so" or "othersymbol" => Category("So"),
        "z" or "separator" => Category("ZsZlZp"),
        "zs" or "spaceseparator" => Category("Zs"),
        "zl" or "lineseparator" => Category("Zl"),
        "zp" or "paragraphseparator" => Category("Zp"),
        "c" or "other" => Category("CcCfCsCoCn"),
        "cc" or "control" or "cntrl" => Category("Cc"),
        "cf" or "format" => Category("Cf"),
        "cs" or "surrogate" => Category("Cs"),
        "co" or "privateuse" => Category("Co"),
        "cn" or "unassigned" => Category("Cn"),
        "whitespace" or "space" => Space,
        "blank" => Category("Zs").Or(CodePointSet.Of('\t')),
        "xdigit" => Hexadecimal,
        "alpha" or "alphabetic" => Category("LuLlLtLmLoNl").Or(Table("otheralphabetic")!),
        "alnum" => Find("alphabetic")!.Or(Category("Nd")),
        "upper" or "uppercase" => Category("Lu").Or(Table("otheruppercase")!),
        "lower" or "lowercase" => Category("Ll").Or(Table("otherlowercase")!),
        "word" => Category("LuLlLtLmLoMnMcMeNdNlPc").Or(Table("othersymbolalphabetic")!).And(CodePointSet.Of([(0xB2, 0xB3), (0xB9, 0xB9), (0xBC, 0xBE)]).Not()),
        "punct" => Category("PcPdPsPePiPfPo"),
        "posixpunct" => Category("PcPdPsPePiPfPoSmScSkSo"),
        "graph" => Category("ZsZlZpCcCsCn").Or(Space).Not(),
        "print" => Category("ZlZpCcCsCn").Not(),
        _ => Table(name),
    };

    /// <summary>The union of general categories, two letters each.</summary>
    private static CodePointSet Category(string names) => CodePointSet.Of(names.Chunk(2).SelectMany(n => Categories.Value[Order.IndexOf(new string(n), StringComparison.Ordinal) / 2].Ranges));

    /// <summary>The categories in the framework's order.</summary>
    private const string Order = "LuLlLtLmLoMnMcMeNdNlNoZsZlZpCcCfCsCoPcPdPsPePiPfPoSmScSkSoCn";

    /// <summary>A set of the tables: entries <c>name: 41-5A 61-7A</c>, one a line.</summary>
    private static CodePointSet? Table(string name)
    {
        var at = ("\n" + Tables).IndexOf("\n" + name + ":", StringComparison.Ordinal);
        if (at < 0)
        {
            return null;
        }

        var ranges = new List<(int, int)>();
        var end = at + name.Length;
        do
        {
            end = Tables.IndexOf('\n', end + 1);
        }
        while (end >= 0 && Tables[end + 1] == ' ');

        var entries = end < 0 ? Tables[(at + name.Length + 1)..] : Tables[(at + name.Length + 1)..end];
        foreach (var entry in entries.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            var limits = entry.Split('-').Select(e => int.Parse(e, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            ranges.Add((limits[0], limits[^1]));
        }

        return CodePointSet.Of(ranges);
    }
}
