namespace Heirloom.Encoding.Chat;

/// <summary>Filters over lists: choosing, sorting, mapping.</summary>
internal static class Sequences
{
    /// <summary><c>map('upper')</c> applies a filter, <c>map(attribute='x')</c> takes an attribute.</summary>
    public static object? Map(TemplateRun run, object? value, TemplateArguments arguments)
    {
        var items = TemplateValues.Items(run, value);
        if (arguments.Positional.Count == 0)
        {
            var bound = arguments.Bind(run, "map", ["attribute", "default"]);
            return ReferenceEquals(bound[0], TemplateArguments.Missing)
                ? throw run.Error("'map' needs a filter or an attribute")
                : items.Select(i => Attribute(run, i, bound[0]) is var found && found is Undefined && !ReferenceEquals(bound[1], TemplateArguments.Missing) ? bound[1] : found).ToList();
        }

        var filter = TemplateMembers.Text(run, arguments.Positional[0]);
        var rest = arguments.After(1);
        return items.Select(i => TemplateFilters.Apply(run, filter, i, rest)).ToList();
    }

    /// <summary>The items, or those by an attribute, for which a test holds (or does not); without a test, truth.</summary>
    public static List<object?> Select(TemplateRun run, object? value, TemplateArguments arguments, bool byAttribute, bool keep)
    {
        var skip = byAttribute ? 1 : 0;
        if (arguments.Positional.Count < skip)
        {
            throw run.Error("an attribute is needed");
        }

        var attribute = byAttribute ? arguments.Positional[0] : null;
        var test = arguments.Positional.Count > skip ? TemplateMembers.Text(run, arguments.Positional[skip]) : null;
        var rest = arguments.After(skip + 1);
        return [.. TemplateValues.Items(run, value).Where(i =>
        {
            var tested = byAttribute ? Attribute(run, i, attribute) : i;
            return (test is null ? TemplateValues.IsTrue(tested) : TemplateTests.Holds(run, test, tested, rest)) == keep;
        })];
    }

    public static List<object?> Sorted(TemplateRun run, object? value, bool reverse, bool caseSensitive, object? attribute)
    {
        var keys = attribute is string several && several.Contains(',', StringComparison.Ordinal) ? several.Split(',').ToList<object?>() : [attribute];
        var order = Comparer<List<object?>>.Create((a, b) => TemplateValues.Compare(run, a, b));
        var keyed = TemplateValues.Items(run, value).Select(i => (Item: i, Key: keys.Select(k => Folded(Attribute(run, i, k), caseSensitive)).ToList())).ToList();
        var sorted = reverse ? keyed.AsEnumerable().Reverse().OrderBy(i => i.Key, order).Reverse() : keyed.OrderBy(i => i.Key, order);
        try
        {
            return [.. sorted.Select(i => i.Item)];
        }
        catch (InvalidOperationException e) when (e.InnerException is UserError mistake)
        {
            throw mistake; // sorting wraps what a comparison throws
        }
    }

    public static List<object?> SortedPairs(TemplateRun run, object? value, bool caseSensitive, bool byValue, bool reverse) =>
        Sorted(run, TemplateFilters.Pairs(run, value), reverse, caseSensitive, byValue ? 1L : 0L);

    public static object? Extreme(TemplateRun run, object? value, bool caseSensitive, object? attribute, bool greatest)
    {
        var best = (Item: (object?)new Undefined("the list is empty"), Key: (object?)null);
        var first = true;
        foreach (var item in TemplateValues.Items(run, value))
        {
            var key = Folded(Attribute(run, item, attribute), caseSensitive);
            if (first || (TemplateValues.Compare(run, key, best.Key) is var order && greatest ? order > 0 : order < 0))
            {
                best = (item, key);
            }

            first = false;
        }

        return best.Item;
    }

    public static List<object?> Unique(TemplateRun run, object? value, bool caseSensitive, object? attribute)
    {
        var (kept, keys) = (new List<object?>(), new TemplateMap());
        var none = false;
        foreach (var item in TemplateValues.Items(run, value))
        {
            var key = Folded(Attribute(run, item, attribute), caseSensitive);
            if (key is null ? !none : keys.TryAdd(TemplateMembers.Key(run, key), null))
            {
                kept.Add(item);
            }

            none |= key is null;
        }

        return kept;
    }

    public static List<object?> Batches(TemplateRun run, object? value, long size, object? fill)
    {
        var items = TemplateValues.Items(run, value);
        if (size < 1)
        {
            throw run.Error("a batch has at least one item");
        }

        run.Charge(items.Count + (fill is null ? 0 : Math.Min(size, int.MaxValue)));
        return [.. items.Chunk((int)Math.Min(size, int.MaxValue)).Select(object? (batch) =>
            batch.Concat(fill is null ? [] : Enumerable.Repeat(fill, (int)(size - batch.Length))).ToList())];
    }

    public static IEnumerable<object?> Attributes(TemplateRun run, IReadOnlyList<object?> items, object? attribute) =>
        attribute is null ? items : items.Select(i => Attribute(run, i, attribute));

    /// <summary>An item behind a path of names and numbers, <c>a.b.0</c>; the item itself without a path.</summary>
    private static object? Attribute(TemplateRun run, object? item, object? path)
    {
        if (path is null)
        {
            return item;
        }

        var parts = path is string text ? text.Split('.').Select(object (p) => long.TryParse(p, out var n) && p.All(char.IsAsciiDigit) ? n : p) : [path];
        return parts.Aggregate(item, (at, part) => at is Undefined ? at : part is string name && at is TemplateMap map && map.TryGetValue(name, out var found) ? found : TemplateMembers.Item(run, at, part));
    }

    private static object? Folded(object? key, bool caseSensitive) => key is string text && !caseSensitive ? text.ToLowerInvariant() : key;
}
