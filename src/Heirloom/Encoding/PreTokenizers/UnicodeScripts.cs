using System.Buffers;
using System.Globalization;
using System.Text;
using Heirloom.Encoding.Patterns;
using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.PreTokenizers;

/// <summary>
/// Splits where the script changes, in the manner of SentencePiece (Kudo and Richardson 2018): the scripts of Japanese count as one, and a space
/// belongs to any. Scripts are those of Unicode 9, as in the ecosystem's library.
/// </summary>
[Stage("UnicodeScripts")]
public sealed record UnicodeScripts : RangePreTokenizer
{
    private const byte Any = 0;

    /// <summary>Characters that have a script now and had none then, in hexadecimal.</summary>
    private const string Newer = """
        560 588 5EF 61D 7FD-7FF 860-86A 870-88E 890-891 897-89F 8B5 8BE-8D3 9FC-9FE A76 AFA-AFF B55 C04 C3C C5D C77 C84 CDD CF3 D00 D04 D3B-D3C D81 E86 E89
        E8C E8E-E93 E98 EA0 EA8-EA9 EAC EBA ECE 170D 1715 171F 180F 1878 1ABF-1ACE 1B4C 1B4E-1B4F 1B7D-1B7F 1C89-1C8A 1C90-1CBA 1CBD-1CBF 1CF7 1CFA 1DF6-1DFA
        20BF-20C0 23FF 2427-2429 2B97 2BBA-2BBC 2BC9 2BD2-2BEB 2BF0-2BFF 2C2F 2C5F 2E45-2E5D 2FFC-2FFF 312E-312F 31BB-31BF 31E4-31E5 31EF 32FF 4DB6-4DBF
        9FD6-9FFF A7AF A7B8-A7CD A7D0-A7D1 A7D3 A7D5-A7DC A7F2-A7F6 A82C A8FE-A8FF AB66-AB6B FBC2 FD40-FD4F FDCF FDFE-FDFF 1019C 1032D-1032F 10570-1057A
        1057C-1058A 1058C-10592 10594-10595 10597-105A1 105A3-105B1 105B3-105B9 105BB-105BC 105C0-105F3 10780-10785 10787-107B0 107B2-107BA 10A34-10A35 10A48
        10D00-10D27 10D30-10D39 10D40-10D65 10D69-10D85 10D8E-10D8F 10E80-10EA9 10EAB-10EAD 10EB0-10EB1 10EC2-10EC4 10EFC-10F27 10F30-10F59 10F70-10F89
        10FB0-10FCB 10FE0-10FF6 11070-11075 110C2 110CD 11144-11147 111CE-111CF 1123F-11241 1133B 11380-11389 1138B 1138E 11390-113B5 113B7-113C0 113C2 113C5
        113C7-113CA 113CC-113D5 113D7-113D8 113E1-113E2 1145A 1145E-11461 116B8-116B9 116D0-116E3 1171A 11740-11746 11800-1183B 11900-11906 11909 1190C-11913
        11915-11916 11918-11935 11937-11938 1193B-11946 11950-11959 119A0-119A7 119AA-119D7 119DA-119E4 11A00-11A47 11A50-11AA2 11AB0-11ABF 11B00-11B09
        11BC0-11BE1 11BF0-11BF9 11D00-11D06 11D08-11D09 11D0B-11D36 11D3A 11D3C-11D3D 11D3F-11D47 11D50-11D59 11D60-11D65 11D67-11D68 11D6A-11D8E 11D90-11D91
        11D93-11D98 11DA0-11DA9 11EE0-11EF8 11F00-11F10 11F12-11F3A 11F3E-11F5A 11FB0 11FC0-11FF1 11FFF 12F90-12FF2 1342F-13455 13460-143FA 16100-16139
        16A70-16ABE 16AC0-16AC9 16D40-16D79 16E40-16E9A 16F45-16F4A 16F4F 16F7F-16F87 16FE1-16FE4 16FF0-16FF1 187ED-187F7 18AF3-18CD5 18CFF-18D08 1AFF0-1AFF3
        1AFF5-1AFFB 1AFFD-1AFFE 1B002-1B122 1B132 1B150-1B152 1B155 1B164-1B167 1B170-1B2FB 1CC00-1CCF9 1CD00-1CEB3 1CF00-1CF2D 1CF30-1CF46 1CF50-1CFC3
        1D1E9-1D1EA 1D2C0-1D2D3 1D2E0-1D2F3 1D372-1D378 1DF00-1DF1E 1DF25-1DF2A 1E030-1E06D 1E08F 1E100-1E12C 1E130-1E13D 1E140-1E149 1E14E-1E14F 1E290-1E2AE
        1E2C0-1E2F9 1E2FF 1E4D0-1E4F9 1E5D0-1E5FA 1E5FF 1E7E0-1E7E6 1E7E8-1E7EB 1E7ED-1E7EE 1E7F0-1E7FE 1E94B 1EC71-1ECB4 1ED01-1ED3D 1F10D-1F10F 1F12F
        1F16C-1F16F 1F1AD 1F260-1F265 1F6D3-1F6D7 1F6DC-1F6DF 1F6F7-1F6FC 1F774-1F776 1F77B-1F77F 1F7D5-1F7D9 1F7E0-1F7EB 1F7F0 1F8B0-1F8BB 1F8C0-1F8C1
        1F900-1F90F 1F91F 1F928-1F92F 1F931-1F932 1F93F 1F94C-1F94F 1F95F-1F97F 1F992-1F9BF 1F9C1-1FA53 1FA60-1FA6D 1FA70-1FA7C 1FA80-1FA89 1FA8F-1FAC6
        1FACE-1FADC 1FADF-1FAE9 1FAF0-1FAF8 1FB00-1FB92 1FB94-1FBF9 2A6D7-2A6DF 2B735-2B739 2CEB0-2EBE0 2EBF0-2EE5D 30000-3134A 31350-323AF
        """;

    private static readonly Lazy<byte[]> Scripts = new(MakeScripts);

    protected override void Cut(ReadOnlySpan<char> text, List<(int Start, int End)> pieces)
    {
        var scripts = Scripts.Value;
        byte? last = null;
        var start = -1;
        for (var at = 0; at < text.Length;)
        {
            Rune.DecodeFromUtf16(text[at..], out var rune, out var width);
            var script = scripts[rune.Value];
            if (script != Any && last != Any && last != script)
            {
                if (start >= 0)
                {
                    pieces.Add((start, at));
                }

                start = at;
            }

            if (script != Any)
            {
                last = script;
            }

            at += width;
        }

        // what stands before the first script is in no piece, as in the ecosystem's library
        if (start >= 0)
        {
            pieces.Add((start, text.Length));
        }
    }

    private static byte[] MakeScripts()
    {
        var scripts = new byte[CodePointSet.Last + 1];
        byte number = 1;
        var han = (byte)0;
        foreach (var name in UnicodeProperties.ScriptNames)
        {
            foreach (var (first, last) in UnicodeProperties.Find(name)!.Ranges)
            {
                scripts.AsSpan(first, last - first + 1).Fill(number);
            }

            han = name == "han" ? number : han;
            number++;
        }

        foreach (var name in (ReadOnlySpan<string>)["hiragana", "katakana"])
        {
            foreach (var (first, last) in UnicodeProperties.Find(name)!.Ranges)
            {
                scripts.AsSpan(first, last - first + 1).Fill(han);
            }
        }

        (scripts[0x589], scripts[0x61C]) = (scripts['!'], scripts['!']);
        (scripts[0x953], scripts[0x954]) = (scripts[0x905], scripts[0x905]);
        foreach (var range in Newer.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            var limits = range.Split('-').Select(code => int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            scripts.AsSpan(limits[0], limits[^1] - limits[0] + 1).Clear();
        }

        scripts[0x30FC] = han;
        scripts[' '] = Any;
        return scripts;
    }
}
