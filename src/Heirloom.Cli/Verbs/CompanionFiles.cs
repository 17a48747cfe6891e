namespace Heirloom.Cli.Verbs;

/// <summary>Tokenizer, chat template and the like: whatever text lies beside a model and is not its weights or their description.</summary>
internal sealed class CompanionFiles(string source) : IFolderPart
{
    private static readonly string[] s_own = ["config.json", "adapter_config.json", "lineage.json", "model.safetensors.index.json", "pytorch_model.bin.index.json"];
    private static readonly string[] s_endings = [".json", ".txt", ".model", ".jinja", ".tiktoken"];

    public void WriteTo(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(source).Where(f => s_endings.Contains(Path.GetExtension(f)) && !s_own.Contains(Path.GetFileName(f))))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }
    }
}
