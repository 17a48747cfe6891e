using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Heirloom.Checkpoints.Hub;

/// <summary>
/// What of a hub's folder says nothing to us and something to other tools: keys of its <c>config.json</c> that its layout does not read, and which of two
/// spellings its tensors' names have. It is written again as it came, and never interpreted.
/// </summary>
/// <param name="Layout">The layout that read the folder: under another one the keys may mean something else, and are left out.</param>
/// <param name="Keys">Of the configuration.</param>
/// <param name="Spellings">Endings of names in place of those that the layout writes (see <see cref="KeyMap.Spelling"/>).</param>
public sealed record HubRemainder(string Layout, UnreadKeys Keys, ImmutableArray<(string Theirs, string Ours)> Spellings)
{
    private static readonly string[] s_ofTokens = ["token_id", "token_index", "suppress_tokens", "bad_words_ids", "forced_decoder_ids"];

    private const string Names = "id2label", Numbers = "label2id", Problem = "problem_type";

    internal static HubRemainder Of(HubLayout layout, HubConfig config, KeyMatch match) => new(layout.GetType().Name, config.Unread(), match.Spellings());

    /// <summary>The same for a model whose classes are others.</summary>
    public HubRemainder WithoutLabels() => this with { Keys = Keys.Without(Names, Numbers, Problem) };

    /// <summary>The same for a model whose tokens are others: their ids mean nothing any more.</summary>
    public HubRemainder WithoutTokens() => this with { Keys = Keys.Without([.. Keys.Own.Select(pair => pair.Key).Where(OfTokens)]) };

    private static bool OfTokens(string key) => s_ofTokens.Any(part => key.Contains(part, StringComparison.Ordinal));

    /// <summary>Completes a configuration: what it says itself holds, but for names of classes that it only numbers.</summary>
    internal void Complete(HubLayout layout, JsonObject json)
    {
        if (layout.GetType().Name != Layout)
        {
            return;
        }

        if (json[Names] is JsonObject numbered && Keys.Own[Names] is JsonObject named && numbered.Select(n => n.Key).SequenceEqual(named.Select(n => n.Key)))
        {
            json.Remove(Names);
            json.Remove(Numbers);
        }

        Keys.AddTo(json);
    }

    /// <summary>A tensor's name in the spelling of the folder.</summary>
    internal string Spell(HubLayout layout, string name)
    {
        foreach (var (theirs, ours) in layout.GetType().Name == Layout ? Spellings : [])
        {
            if (name.EndsWith(ours, StringComparison.Ordinal))
            {
                return name[..^ours.Length] + theirs;
            }
        }

        return name;
    }

    /// <summary>Names of the classes, as the hub has them.</summary>
    internal static void Label(JsonObject json, IReadOnlyList<string> labels)
    {
        json[Names] = new JsonObject(labels.Select((label, i) => KeyValuePair.Create<string, JsonNode?>($"{i}", label)));
        json[Numbers] = new JsonObject(labels.Select((label, i) => KeyValuePair.Create<string, JsonNode?>(label, i)));
    }
}

/// <summary>Keys of a JSON object that nobody has asked for.</summary>
/// <param name="Own">With their values.</param>
/// <param name="Inner">The same of objects of which some keys were read.</param>
public sealed record UnreadKeys(JsonObject Own, ImmutableSortedDictionary<string, UnreadKeys> Inner)
{
    internal UnreadKeys Without(params ReadOnlySpan<string> keys)
    {
        var left = Own.DeepClone().AsObject();
        foreach (var key in keys)
        {
            left.Remove(key);
        }

        return this with { Own = left };
    }

    /// <summary>Puts them beside keys that are there, which hold.</summary>
    internal void AddTo(JsonObject json)
    {
        foreach (var (key, value) in Own.Where(pair => !json.ContainsKey(pair.Key)))
        {
            json[key] = value?.DeepClone();
        }

        foreach (var (key, inner) in Inner)
        {
            if (json[key] is JsonObject there)
            {
                inner.AddTo(there);
            }
        }
    }
}
