using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;

namespace Heirloom.Data.Refining;

/// <summary>
/// Leaves out web pages by their address: hosts on a block list (with all below them), and addresses whose words score too high. Lists are the user's:
/// RefinedWeb (Penedo et al. 2023, §3.1 and app. G.1) takes a public block list of adult and fraud sites and lists of words of its own.
/// </summary>
[Kind("filter_url")]
public sealed record UrlFilterSourceConfig : SourceConfig, IExample<UrlFilterSourceConfig>
{
    public static UrlFilterSourceConfig Example => new() { Source = Sources.TextSourceConfig.Example, Hosts = ["casino.example"] };

    public required SourceConfig Source { get; init; }

    /// <summary>The documents' field that holds the address; documents without one pass.</summary>
    public string Field { get; init; } = "url";

    /// <summary>Blocked hosts; <c>example.org</c> blocks <c>www.example.org</c> too.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>Block an address wherever they stand in it, also inside a word.</summary>
    public ImmutableArray<string> StrictParts { get; init; } = [];

    /// <summary>Block an address as whole words.</summary>
    public ImmutableArray<string> HardWords { get; init; } = [];

    /// <summary>Count one each, as whole words; <see cref="SoftLimit"/> of them block.</summary>
    public ImmutableArray<string> SoftWords { get; init; } = [];

    /// <summary>Soft words that block an address together.</summary>
    [Range(1, 1000)]
    public int SoftLimit { get; init; } = 2;

    public override IDocumentSource Open(WorkContext work)
    {
        var source = Source.Open(work);
        var hosts = new HashSet<string>(Hosts.Select(h => h.TrimStart('.')), StringComparer.OrdinalIgnoreCase);
        return new Sources.DocumentStream(
            $"{source.Name} (filtered by address)",
            () => Hashes.OfText($"filter_url {Settings.ToYaml(this with { Source = Sources.TextSourceConfig.Example })} {source.Fingerprint}"),
            () => source.Read().Where(d => !d.Fields.TryGetValue(Field, out var url) || !Blocks(url, hosts)));
    }

    /// <summary>Whether an address is left out.</summary>
    public bool Blocks(string url) => Blocks(url, new(Hosts.Select(h => h.TrimStart('.')), StringComparer.OrdinalIgnoreCase));

    private bool Blocks(string url, HashSet<string> hosts)
    {
        for (var host = HostOf(url); host.Length > 0; host = host.IndexOf('.') is var dot && dot < 0 ? "" : host[(dot + 1)..])
        {
            if (hosts.Contains(host))
            {
                return true;
            }
        }

        if (StrictParts.Any(part => url.Contains(part, StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        var words = new HashSet<string>(WordsOf(url), StringComparer.OrdinalIgnoreCase);
        return HardWords.Any(words.Contains) || SoftWords.Count(words.Contains) >= SoftLimit;
    }

    private static string HostOf(string url)
    {
        var rest = url.AsSpan();
        var scheme = rest.IndexOf("://");
        rest = scheme < 0 ? rest : rest[(scheme + 3)..];
        var end = rest.IndexOfAny('/', '?', '#');
        rest = end < 0 ? rest : rest[..end];
        rest = rest[(rest.LastIndexOf('@') + 1)..];
        var port = rest.LastIndexOf(':');
        return (port < 0 ? rest : rest[..port]).TrimEnd('.').ToString();
    }

    private static IEnumerable<string> WordsOf(string url)
    {
        var start = -1;
        for (var i = 0; i <= url.Length; i++)
        {
            if (i < url.Length && char.IsLetterOrDigit(url[i]))
            {
                start = start < 0 ? i : start;
            }
            else if (start >= 0)
            {
                yield return url[start..i];
                start = -1;
            }
        }
    }
}
