namespace Heirloom.Data.Sources;

/// <summary>What keeps one runaway document (a log, a dump without line ends) from taking all memory.</summary>
internal static class DocumentLimits
{
    /// <summary>128 MB as UTF-16.</summary>
    public const int MaxCharacters = 64 << 20;

    /// <exception cref="UserError">Longer than allowed.</exception>
    public static void Require(long characters, int maxCharacters, string where)
    {
        if (characters > maxCharacters)
        {
            throw new UserError($"a document is longer than {maxCharacters:N0} characters", where, "split it, or raise max_characters");
        }
    }
}
