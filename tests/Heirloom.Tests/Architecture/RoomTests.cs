using Mono.Cecil;

namespace Heirloom.Tests.Architecture;

/// <summary>The arrows between rooms (docs: map of the rooms), held on every type that any type's code mentions.</summary>
public sealed class RoomTests
{
    /// <summary>What each room may use directly; whatever that may use, it may use too.</summary>
    private static readonly Dictionary<string, string[]> s_arrows = new()
    {
        ["Core"] = [],
        ["Data"] = ["Core"],
        ["Encoding"] = ["Data"],
        ["Worlds"] = ["Core", "Data"],
        ["Layers"] = ["Core"],
        ["Models"] = ["Layers"],
        ["Objectives"] = ["Models", "Data"],
        ["Checkpoints"] = ["Models"],
        ["Training"] = ["Objectives", "Checkpoints"],
        ["Generation"] = ["Encoding", "Checkpoints"],
        ["Adaptation"] = ["Models", "Checkpoints"],
        ["Reuse"] = ["Training", "Adaptation", "Encoding"],
        ["Continual"] = ["Training", "Adaptation"],
        ["Control"] = ["Training", "Worlds"],
        ["Evaluation"] = ["Training", "Generation", "Encoding"],
        ["Papers"] = ["Core", "Data", "Encoding", "Worlds", "Layers", "Models", "Objectives", "Checkpoints", "Training", "Generation", "Adaptation", "Reuse", "Continual", "Control", "Evaluation"],
    };

    private static readonly string s_root = Checkout.Root;

    [Fact]
    public void ArrowsPointOneWay()
    {
        using var assembly = AssemblyDefinition.ReadAssembly(typeof(Seed).Assembly.Location);
        var wrong = from type in assembly.MainModule.GetTypes()
                    let room = RoomOf(type)
                    where room is not null
                    let allowed = Reach(room)
                    from used in Mentioned(type)
                    let other = RoomOf(used)
                    where other is not null && other != room && !allowed.Contains(other)
                    select $"{room} may not use {other}: {Outer(type)} mentions {used.FullName}";
        Assert.Equal([], wrong.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EveryTypeLivesInARoomAndInTheFolderOfItsNamespace()
    {
        var strangers = typeof(Seed).Assembly.GetTypes().Where(t => t.Namespace?.StartsWith("Heirloom", StringComparison.Ordinal) == true && (t.Namespace.Split('.') is not [_, var room, ..] || !s_arrows.ContainsKey(room)));
        Assert.Equal([], strangers.Select(t => t.FullName));

        var astray = from project in new[] { ("src/Heirloom", "Heirloom"), ("src/Heirloom.Cli", "Heirloom.Cli") }
                     from file in Sources(project.Item1)
                     let wanted = string.Join('.', Path.GetRelativePath(Path.Combine(s_root, project.Item1), Path.GetDirectoryName(file)!).Split('/', '\\').Where(p => p != ".").Prepend(project.Item2))
                     let stated = File.ReadLines(file).FirstOrDefault(l => l.StartsWith("namespace ", StringComparison.Ordinal))?[10..].TrimEnd(';', ' ')
                     where stated is not null && stated != wanted
                     select $"{Path.GetRelativePath(s_root, file)} says {stated}";
        Assert.Equal([], astray);
    }

    [Fact]
    public void RoomsAreAtMostTwoLevelsDeep() =>
        Assert.Equal([], typeof(Seed).Assembly.GetTypes().Select(t => t.Namespace).Where(n => n?.StartsWith("Heirloom.", StringComparison.Ordinal) == true && n.Split('.').Length > 3).Distinct());

    [Fact]
    public void FilesHoldOneIdea()
    {
        var long_ = new[] { "src", "papers", "tests", "bench" }.Where(d => Directory.Exists(Path.Combine(s_root, d))).SelectMany(Sources)
            .Select(f => (File: Path.GetRelativePath(s_root, f), Lines: File.ReadLines(f).Count())).Where(f => f.Lines > 400 && !f.File.EndsWith(".Table.cs", StringComparison.Ordinal));
        Assert.Equal([], long_);
    }

    [Fact]
    public void TheDrawnMapIsTheTable()
    {
        var drawn = File.ReadLines(Path.Combine(s_root, "docs", "rooms.md")).Where(l => l.Contains(" --> ")).Select(l => l.Trim()).Order(StringComparer.Ordinal);
        var direct = from room in s_arrows
                     from used in room.Value
                     where !room.Value.Any(other => other != used && Reach(other).Contains(used))
                     select $"{room.Key} --> {used}";
        Assert.Equal(direct.Order(StringComparer.Ordinal), drawn);
    }

    [Fact]
    public void TheTableKnowsItsRoomsOnly() => Assert.All(s_arrows, a => Assert.All(a.Value, r => Assert.Contains(r, s_arrows.Keys)));

    private static HashSet<string> Reach(string room)
    {
        var reached = new HashSet<string>();
        void Walk(string from)
        {
            foreach (var to in s_arrows[from].Where(reached.Add))
            {
                Walk(to);
            }
        }

        Walk(room);
        return reached;
    }

    private static string? RoomOf(TypeReference type) =>
        Outer(type).Namespace.Split('.') is ["Heirloom", var room, ..] && s_arrows.ContainsKey(room) ? room : null;

    private static TypeReference Outer(TypeReference type) => type.DeclaringType is { } outer ? Outer(outer) : type;

    /// <summary>Every type in signatures, attributes and bodies, generic arguments and elements included.</summary>
    private static IEnumerable<TypeReference> Mentioned(TypeDefinition type)
    {
        var direct = new List<TypeReference?> { type.BaseType };
        direct.AddRange(type.Interfaces.Select(i => i.InterfaceType));
        direct.AddRange(type.CustomAttributes.Select(a => a.AttributeType));
        direct.AddRange(type.GenericParameters.SelectMany(g => g.Constraints.Select(c => c.ConstraintType)));
        direct.AddRange(type.Fields.Select(f => f.FieldType));
        direct.AddRange(type.Properties.Select(p => p.PropertyType));
        foreach (var method in type.Methods)
        {
            direct.Add(method.ReturnType);
            direct.AddRange(method.Parameters.Select(p => p.ParameterType));
            direct.AddRange(method.GenericParameters.SelectMany(g => g.Constraints.Select(c => c.ConstraintType)));
            direct.AddRange(method.HasBody ? method.Body.Variables.Select(v => v.VariableType) : []);
            foreach (var operand in method.HasBody ? method.Body.Instructions.Select(i => i.Operand) : [])
            {
                direct.AddRange(operand switch
                {
                    GenericInstanceMethod m => [m.DeclaringType, m.ReturnType, .. m.GenericArguments],
                    MethodReference m => [m.DeclaringType, m.ReturnType],
                    FieldReference f => [f.DeclaringType, f.FieldType],
                    TypeReference t => [t],
                    _ => [],
                });
            }
        }

        return direct.SelectMany(Parts);
    }

    private static IEnumerable<TypeReference> Parts(TypeReference? type) => type switch
    {
        null or GenericParameter => [],
        GenericInstanceType g => [g.ElementType, .. g.GenericArguments.SelectMany(Parts)],
        TypeSpecification s => Parts(s.ElementType),
        _ => [type],
    };

    private static IEnumerable<string> Sources(string folder) => Directory.EnumerateFiles(Path.Combine(s_root, folder), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
}
