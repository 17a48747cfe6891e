using System.Globalization;

namespace Heirloom.Checkpoints.Pickles;

/// <summary>Names of what an object holds: the keys on the way to it, with points between (<c>optimizer.state.0.exp_avg</c>).</summary>
internal static class PickleNames
{
    private const int MaxDepth = 32, MaxVisits = 2_000_000, MaxNames = 64_000_000;

    /// <summary>Every tensor by its name. A tensor that stands alone is called <c>tensor</c>.</summary>
    /// <exception cref="UserError">Values lie in each other without an end, or there are more names than a model has.</exception>
    public static IEnumerable<(string Name, PickleTensor Tensor)> Tensors(object? root, string path) =>
        Walk(root, path).Where(pair => pair.Value is PickleTensor).Select(pair => (pair.Name.Length == 0 ? "tensor" : pair.Name, (PickleTensor)pair.Value!));

    /// <summary>Texts and numbers at the top.</summary>
    public static Dictionary<string, string> Texts(object? root)
    {
        var texts = new Dictionary<string, string>();
        foreach (var (key, value) in (root as PickleDictionary)?.Items ?? [])
        {
            if (key is string name && value is string or bool or long or Int128 or double)
            {
                texts[name] = Convert.ToString(value, CultureInfo.InvariantCulture)!;
            }
        }

        return texts;
    }

    private static IEnumerable<(string Name, object? Value)> Walk(object? root, string path)
    {
        // a value may be held in several places, each of them again and again: what is visited is counted, not what is there
        var (visits, letters) = (0, 0L);
        var open = new Stack<(string Name, object? Value, int Depth)>([("", root, 0)]);
        while (open.TryPop(out var at))
        {
            letters += at.Name.Length;
            if (++visits > MaxVisits || letters > MaxNames || at.Depth > MaxDepth)
            {
                throw SafetensorsHeader.Damaged(path, "its values lie in each other without an end");
            }

            if (at.Value is PickleTensor)
            {
                yield return (at.Name, at.Value);
                continue;
            }

            var inner = at.Value switch
            {
                PickleDictionary dictionary => dictionary.Items.Select(item => (item.Key, item.Value)),
                PickleList list => list.Items.Select((value, i) => ((object?)(long)i, value)),
                PickleTuple tuple => tuple.Items.Select((value, i) => ((object?)(long)i, value)),
                _ => [],
            };
            foreach (var (key, value) in inner.Where(item => item.Item2 is PickleTensor or PickleDictionary or PickleList or PickleTuple))
            {
                var name = key is string or long or Int128 ? Convert.ToString(key, CultureInfo.InvariantCulture)! : "?";
                open.Push((at.Name.Length == 0 ? name : $"{at.Name}.{name}", value, at.Depth + 1));
                if (open.Count > MaxVisits)
                {
                    throw SafetensorsHeader.Damaged(path, "it holds more values than any model");
                }
            }
        }
    }
}
