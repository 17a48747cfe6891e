namespace Heirloom.Core;

/// <summary>
/// A settings record that is chosen in YAML by its <c>kind</c>: the type's name in snake case without a trailing "Config"
/// (<c>AdamWConfig</c> is <c>adam_w</c> unless <see cref="KindAttribute"/> says otherwise). Roots are abstract and live in their own room;
/// every concrete subtype in the loaded Heirloom assemblies is found by reflection.
/// </summary>
public abstract record Kinded;

/// <summary>The name by which YAML knows a <see cref="Kinded"/> record or an enum's member, where the rule gives an ugly one.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Field)]
public sealed class KindAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}
