using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Heirloom.Adaptation.Peft;

/// <summary>Which of the hub's modules an adapter acts on, by the rules of the PEFT layout.</summary>
public sealed record ModuleChoice
{
    /// <summary>The word that stands for every linear layer but the output head.</summary>
    public const string AllLinear = "all-linear";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>Endings of names, at a dot (<c>q_proj</c>, <c>mlp.c_proj</c>), or <see cref="AllLinear"/> alone.</summary>
    public ImmutableArray<string> Targets { get; init; } = [];

    /// <summary>A regular expression of whole names, instead of <see cref="Targets"/>.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>Endings of names that are left out.</summary>
    public ImmutableArray<string> Excluded { get; init; } = [];

    /// <summary>A regular expression of whole names that are left out.</summary>
    public string? ExcludedPattern { get; init; }

    /// <summary>Indices of the layers; all where empty.</summary>
    public ImmutableArray<int> Layers { get; init; } = [];

    /// <summary>Regular expressions of what stands before a layer's index (<c>layers</c>, <c>h</c>); whatever does where empty.</summary>
    public ImmutableArray<string> LayersPattern { get; init; } = [];

    /// <summary>Modules that are trained whole and so never adapted.</summary>
    public ImmutableArray<string> Whole { get; init; } = [];

    /// <summary>The chosen modules, in the model's order.</summary>
    /// <param name="modules">The model.</param>
    /// <param name="classifies">Whether the model's task is to classify sequences, so that <see cref="AllLinear"/> leaves out its classifier.</param>
    /// <exception cref="UserError">Nothing is chosen, or something that cannot be adapted.</exception>
    public ImmutableArray<HubModule> Of(HubModules modules, bool classifies)
    {
        var prefix = modules.Prefix;
        if (Targets is not [AllLinear] && modules.Ties.Keys.Select(c => c.Replace(".weight", "", StringComparison.Ordinal)).FirstOrDefault(IsTarget) is { } tied)
        {
            throw new UserError("its weights are those of the embedding, so an adapter of it alone has no place", tied, "choose other modules, or untie the model first");
        }

        var chosen = modules.All.Where(m => Includes(m.Name, m, classifies)).ToImmutableArray();
        if (chosen.IsEmpty && prefix.Length > 0)
        {
            // named as in a bare model
            chosen = [.. modules.All.Where(m => m.Name.StartsWith(prefix, StringComparison.Ordinal) && Includes(m.Name[prefix.Length..], m, classifies))];
        }

        return !chosen.IsEmpty ? chosen : throw new UserError(
            $"no module of the model is called {TargetPattern ?? string.Join(", ", Targets)}", "target_modules",
            $"the model has {string.Join(", ", modules.All.Where(m => m.Kind == HubModuleKind.Linear).Select(m => m.Name.Split('.')[^1]).Distinct().Take(12))}");
    }

    private bool Includes(string name, HubModule module, bool classifies) => TargetPattern is null && Targets is [AllLinear]
        ? module.Kind == HubModuleKind.Linear && !IsHead(module, classifies) && !IsExcluded(name) && !IsWhole(name) && IsInLayers(name)
        : IsTarget(name);

    private bool IsTarget(string name) => !IsExcluded(name) && !IsWhole(name) && (TargetPattern is { } pattern
        ? Matches(pattern, name, "target_pattern")
        : Targets.Contains(name) || (EndsWithAny(name, Targets) && IsInLayers(name)));

    /// <summary>Whether a module is trained whole.</summary>
    internal bool IsWhole(string name) => Whole.Any(w => name == w || name.StartsWith(w + ".", StringComparison.Ordinal) || name.EndsWith("." + w, StringComparison.Ordinal)
        || name.Contains($".{w}.", StringComparison.Ordinal));

    /// <summary>Whether a whole name fits a pattern of Python's.</summary>
    internal static bool Matches(string pattern, string name, string where) => Found("", pattern, @"\z", name, where).Success;

    /// <summary>The beginning of a name that fits a pattern of Python's between two of ours.</summary>
    private static Match Found(string before, string pattern, string after, string name, string where)
    {
        try
        {
            return Regex.Match(name, $@"\A{before}(?:{pattern.Replace("(?P<", "(?<", StringComparison.Ordinal)}){after}", RegexOptions.CultureInvariant, s_patience);
        }
        catch (RegexParseException e)
        {
            throw new UserError($"'{pattern}' is no regular expression: {e.Message}", where, inner: e);
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new UserError($"'{pattern}' takes too long on '{name}'", where, "write it without nested repetitions", e);
        }
    }

    private bool IsExcluded(string name) => ExcludedPattern is { } pattern
        ? Matches(pattern, name, "excluded_pattern")
        : Excluded.Contains(name) || EndsWithAny(name, Excluded);

    private bool IsInLayers(string name)
    {
        if (Layers.IsDefaultOrEmpty)
        {
            return true;
        }

        var before = LayersPattern.IsDefaultOrEmpty ? [@"[^.]*"] : LayersPattern;
        foreach (var pattern in before)
        {
            // greedy as there: of several numbers (T5's block and its part) the last one counts, unless the pattern says which
            if (Found(@".*\.", pattern, @"\.\d+\.", name, "layers_pattern") is { Success: true } match)
            {
                return int.TryParse(match.Value.Split('.')[^2], out var index) && Layers.Contains(index);
            }
        }

        return false;
    }

    /// <summary>What "all linear layers" leaves out: the vocabulary's head, and a classifier of sequences.</summary>
    private static bool IsHead(HubModule module, bool classifies) =>
        module.Pieces is [{ Name: "head" }] || (classifies && module.Name is "classifier" or "score");

    private static bool EndsWithAny(string name, ImmutableArray<string> endings) => endings.Any(e => name.EndsWith("." + e, StringComparison.Ordinal));
}
