using System.Text.Json.Serialization;
using Heirloom.Encoding.Patterns;

namespace Heirloom.Encoding.Stages;

/// <summary>What a stage looks for: a plain string or a regular expression, exactly one of them.</summary>
public sealed record StagePattern
{
    /// <summary>Published expressions have some hundred characters; far longer ones take their time and memory to translate.</summary>
    private const int Longest = 10_000;

    private TextPattern? _compiled;

    [JsonPropertyName("String"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? String { get; init; }

    /// <summary>In the syntax of Oniguruma.</summary>
    [JsonPropertyName("Regex"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Regex { get; init; }

    public bool Equals(StagePattern? other) => other is not null && String == other.String && Regex == other.Regex;

    public override int GetHashCode() => HashCode.Combine(String, Regex);

    /// <exception cref="UserError">It is neither or both, or an expression that cannot be translated.</exception>
    internal TextPattern Compile(string where)
    {
        if ((String is null) == (Regex is null))
        {
            throw new UserError("a pattern is either a String or a Regex", where);
        }

        if (Regex is { Length: > Longest })
        {
            throw new UserError($"an expression of {Regex.Length} characters is too long", where, $"at most {Longest}");
        }

        try
        {
            return _compiled ??= Regex is { } regex ? new OnigurumaPattern(regex) : String!.Length == 0 ? new OnigurumaPattern("") : new LiteralPattern(String);
        }
        catch (UserError e)
        {
            throw new UserError(e.Message, where, inner: e);
        }
    }
}
