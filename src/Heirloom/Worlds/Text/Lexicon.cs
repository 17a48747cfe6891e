using System.Text;

namespace Heirloom.Worlds.Text;

/// <summary>
/// The content words of a period. A word is a place (part of speech and rank) with a form made of syllables; from one period to the next some places
/// get a new form, so that what was learned about a place must be learned anew under another name. No form is ever used twice.
/// </summary>
internal sealed class Lexicon
{
    private static readonly string[] s_onsets = ["b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "br", "ch", "cl", "dr", "fl", "gr", "pl", "pr", "sh", "sl", "st", "th", "tr"];
    private static readonly string[] s_vowels = ["a", "e", "i", "o", "u", "ai", "ea", "ou"];
    private static readonly string[] s_codas = ["", "", "", "n", "r", "l", "s", "t", "m", "nd", "st"];
    private static readonly string[] s_endings = ["", "es", "al", "ly"];
    private static readonly double[] s_shares = [0.5, 0.25, 0.15, 0.1];

    private readonly string[][] _forms;

    public Lexicon(int vocabulary, int period, double drift, Seed seed)
    {
        var used = new HashSet<string>();
        _forms = [.. s_shares.Select(share => new string[Math.Max(1, (int)(vocabulary * share))])];
        for (var now = 0; now <= period; now++)
        {
            var random = seed.For("period", now).Random();
            for (var tag = 0; tag < Grammar.Open; tag++)
            {
                for (var place = 0; place < _forms[tag].Length; place++)
                {
                    if (now == 0 || random.NextDouble() < drift)
                    {
                        _forms[tag][place] = NewForm(tag, random, used);
                    }
                }
            }
        }
    }

    /// <summary>The forms of a part of speech, most frequent first.</summary>
    public IReadOnlyList<string> Forms(Tag tag) => (int)tag < Grammar.Open ? _forms[(int)tag] : Grammar.ClosedWords(tag);

    private static string NewForm(int tag, Rng random, HashSet<string> used)
    {
        var form = new StringBuilder();
        for (var syllables = 0; ; syllables++)
        {
            form.Append(Pick(s_onsets, random)).Append(Pick(s_vowels, random)).Append(Pick(s_codas, random));
            if (syllables >= 1 && used.Add(form + s_endings[tag]))
            {
                return form + s_endings[tag];
            }
        }
    }

    private static string Pick(string[] parts, Rng random) => parts[random.Next(parts.Length)];
}
