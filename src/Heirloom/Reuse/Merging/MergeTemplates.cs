using Heirloom.Checkpoints;
using Heirloom.Encoding.Chat;

namespace Heirloom.Reuse.Merging;

/// <summary>Chat templates of merged models.</summary>
internal static class MergeTemplates
{
    public const string Auto = "auto";

    /// <summary>The template that a recipe's word means: the one that most models have, one that goes by a name, or itself.</summary>
    /// <returns>Null where no model has one.</returns>
    public static string? Choose(string chosen, IEnumerable<string> folders) => chosen == Auto
        ? folders.Select(Of).OfType<string>().Select(t => t.Trim()).GroupBy(t => t).MaxBy(g => g.Count())?.Key
        : NamedChatTemplates.Find(chosen) ?? chosen;

    /// <summary>A folder's own; null where it has none.</summary>
    public static string? Of(string folder) => ChatTemplateFile.Read(folder).Source();

    /// <summary>Puts one beside the tokenizer, in place of what its settings say.</summary>
    public static void Write(string folder, string? template)
    {
        if (template is null)
        {
            return;
        }

        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), template);
        File.Delete(Path.Combine(folder, "chat_template.json"));
        var settings = Path.Combine(folder, "tokenizer_config.json");
        if (File.Exists(settings) && JsonFile.ParseObject(settings) is var json && json.Remove("chat_template"))
        {
            File.WriteAllText(settings, json.ToJsonString(new() { WriteIndented = true }));
        }
    }
}
