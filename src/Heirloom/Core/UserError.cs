namespace Heirloom.Core;

/// <summary>A mistake that a person can mend: one line that says what, where, and what would be right. Exit code 2, no stack trace.</summary>
/// <param name="what">What is wrong, in one line.</param>
/// <param name="where">A file with line, a tensor's name, a row's number.</param>
/// <param name="mend">What would be right.</param>
/// <param name="inner">The library's own exception, kept for debugging.</param>
public sealed class UserError(string what, string? where = null, string? mend = null, Exception? inner = null)
    : Exception(OneLine((where is null ? what : $"{where}: {what}") + (mend is null ? "" : $"; {mend}")), inner)
{
    /// <summary>Names that come from a file may hold line breaks and what steers a terminal.</summary>
    private static string OneLine(string message) => string.Concat(message.Select(c => char.IsControl(c) ? ' ' : c));

    /// <summary>"; did you mean 'x'?" for the valid name nearest to a mistyped one, or the list of them when none is near.</summary>
    public static string Nearest(string typed, IEnumerable<string> valid)
    {
        var names = valid.Distinct().Order(StringComparer.Ordinal).ToList();
        var near = names.Select(n => (Name: n, Distance: EditDistance(typed, n))).OrderBy(n => n.Distance).FirstOrDefault();
        return near.Name is not null && near.Distance <= Math.Max(2, typed.Length / 3)
            ? $"did you mean '{near.Name}'?"
            : $"valid: {string.Join(", ", names)}";
    }

    /// <summary>Levenshtein distance.</summary>
    private static int EditDistance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
