namespace Heirloom.Encoding.Chat;

/// <summary>What a piece of a template is.</summary>
internal enum TemplateTokenKind
{
    /// <summary>Text between tags, white space already trimmed as the tags beside it say.</summary>
    Text,

    /// <summary><c>{%</c></summary>
    BlockStart,

    /// <summary><c>%}</c></summary>
    BlockEnd,

    /// <summary><c>{{</c></summary>
    OutputStart,

    /// <summary><c>}}</c></summary>
    OutputEnd,

    Name,
    String,
    Integer,
    Float,
    Operator,
    End,
}

/// <param name="Kind">What it is.</param>
/// <param name="Value">Its text; of a string, the characters that it stands for.</param>
/// <param name="Line">Where it begins, from 1.</param>
internal readonly record struct TemplateToken(TemplateTokenKind Kind, string Value, int Line)
{
    public bool Is(string value) => Kind is TemplateTokenKind.Operator or TemplateTokenKind.Name && Value == value;

    public override string ToString() => Kind == TemplateTokenKind.End ? "the template's end" : Kind == TemplateTokenKind.BlockEnd ? "'%}'" : Kind == TemplateTokenKind.OutputEnd ? "'}}'" : $"'{Value}'";
}
