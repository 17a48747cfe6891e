using System.Text.Json.Nodes;

namespace Heirloom.Tests.Fuzzing;

/// <summary>JSON that is still JSON, with some of its values changed, moved, taken out or put where others belong.</summary>
internal static class FuzzedJson
{
    private static readonly string[] s_values =
    [
        "null", "true", "false", "-1", "0", "1", "2", "1.5", "-0.0", "1e300", "-1e300", "2147483647", "2147483648", "9223372036854775807", "18446744073709551616", "1e-320", "\"\"",
        "\"\\u0000\"", "\"a\\nb\"", "\"\\u2581\"", "\"(a+)+$\"", "\"[^\\\\s\\\\S]|(?:.|\\\\n)*b\"", "\"(?<=a{2,5})(b|c*)*\"", "\"{1000000}\"", "\"a{1000}{1000}\"", "\"\\\\p{L}\"",
        "\"Sequence\"", "\"../../etc/passwd\"", "[]", "{}", "[[]]", "[0]", "[\"a\",\"b\"]", "{\"type\":\"x\"}", "{\"Regex\":\"(x+x+)+y\"}", "{\"String\":\"\"}",
    ];

    /// <param name="valid">The document.</param>
    /// <param name="random">Draws.</param>
    /// <param name="donors">Documents of the kind, whose values get into it.</param>
    public static JsonNode Change(JsonNode valid, Random random, IReadOnlyList<JsonNode> donors)
    {
        var root = valid.DeepClone();
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            ChangeOne(root, random, donors);
        }

        return root;
    }

    private static void ChangeOne(JsonNode root, Random random, IReadOnlyList<JsonNode> donors)
    {
        var parent = Walk(root, random);
        switch (parent)
        {
            case JsonObject { Count: > 0 } map:
                var key = map.ElementAt(random.Next(Math.Min(map.Count, 400))).Key;
                switch (random.Next(5))
                {
                    case 0: map.Remove(key); break;
                    case 1: map[$"{key}x"] = map[key]?.DeepClone(); break;
                    case 2 when map.Count > 1: map[key] = map.ElementAt(random.Next(Math.Min(map.Count, 400))).Value?.DeepClone(); break;
                    default: map[key] = Value(map[key], random, donors); break;
                }

                break;
            case JsonArray { Count: > 0 } list:
                var at = random.Next(list.Count);
                switch (random.Next(4))
                {
                    case 0: list.RemoveAt(at); break;
                    case 1: list.Insert(random.Next(list.Count + 1), list[at]?.DeepClone()); break;
                    default: list[at] = Value(list[at], random, donors); break;
                }

                break;
            default:
                break;
        }
    }

    /// <summary>A container somewhere below, near the root as likely as deep down.</summary>
    private static JsonNode Walk(JsonNode node, Random random)
    {
        while (true)
        {
            List<JsonNode?> inner = node switch
            {
                JsonObject map => [.. map.Select(p => p.Value).Where(v => v is JsonObject or JsonArray)],
                JsonArray list => [.. list.Where(v => v is JsonObject or JsonArray)],
                _ => [],
            };
            if (inner.Count == 0 || random.Next(3) == 0)
            {
                return node;
            }

            node = inner[random.Next(inner.Count)]!;
        }
    }

    private static JsonNode? Value(JsonNode? old, Random random, IReadOnlyList<JsonNode> donors)
    {
        switch (random.Next(7))
        {
            case 0 when old is JsonValue value && value.TryGetValue<string>(out var text):
                return JsonValue.Create(random.Next(4) switch
                {
                    0 => string.Concat(Enumerable.Repeat(text.Length == 0 ? "a" : text, random.Next(2, 2000))),
                    1 => text + (char)random.Next(0x20, 0xD7FF),
                    2 => text.Length > 0 ? text.Remove(random.Next(text.Length), 1) : "(",
                    _ => text.Insert(random.Next(text.Length + 1), "\\p{L}[](){}*+?|^$.-#&\"'"[random.Next(22)].ToString()),
                });
            case 1:
                return new JsonArray(old?.DeepClone());
            case 2:
                var deep = old?.DeepClone();
                for (var depth = random.Next(1, 70); depth > 0; depth--)
                {
                    deep = random.Next(2) == 0 ? new JsonArray(deep) : new JsonObject { ["type"] = "Sequence", ["normalizers"] = deep };
                }

                return deep;
            case 3 or 4 when donors.Count > 0:
                return Walk(donors[random.Next(donors.Count)], random) switch
                {
                    JsonObject { Count: > 0 and < 400 } map when random.Next(2) == 0 => map.ElementAt(random.Next(map.Count)).Value?.DeepClone(),
                    var whole => whole.DeepClone(),
                };
            default:
                return JsonNode.Parse(s_values[random.Next(s_values.Length)]);
        }
    }
}
