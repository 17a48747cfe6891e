using System.Text.Json.Nodes;

namespace Heirloom.Reuse.Merging;

/// <summary>Keys of a configuration by their path, with dots between.</summary>
internal static class JsonPath
{
    /// <summary>What stands there; null where nothing does.</summary>
    public static JsonNode? Get(JsonObject json, string path) => path.Split('.').Aggregate((JsonNode?)json, (node, key) => (node as JsonObject)?[key]);

    /// <summary>Puts a number where one stands.</summary>
    public static void Set(JsonObject json, string path, int value)
    {
        var keys = path.Split('.');
        var owner = keys[..^1].Aggregate(json, (node, key) => (JsonObject)node[key]!);
        owner[keys[^1]] = value;
    }
}
