namespace Heirloom.Checkpoints;

/// <summary>Tokenizer, chat template and the like: whatever text lies beside a model and is neither its weights nor their description.</summary>
/// <param name="source">The folder that they are copied from.</param>
public sealed class CompanionFiles(string source) : IFolderPart
{
    private static readonly string[] s_own =
        [Hub.HubFolder.ConfigFile, "adapter_config.json", LineageFile.Name, WeightsFolder.IndexFile, WeightsFolder.PickleIndexFile];

    private static readonly string[] s_endings = [".json", ".txt", ".model", ".jinja", ".tiktoken"];

    public void WriteTo(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(source).Where(f => s_endings.Contains(Path.GetExtension(f)) && !s_own.Contains(Path.GetFileName(f))))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }
    }
}
