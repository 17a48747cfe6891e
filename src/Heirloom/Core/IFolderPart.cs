namespace Heirloom.Core;

/// <summary>Something that writes its own files into a model folder (a tokenizer, an image preprocessor).</summary>
public interface IFolderPart
{
    /// <summary>Writes into an existing, private folder; whoever calls it renames the folder into place.</summary>
    void WriteTo(string folder);
}
