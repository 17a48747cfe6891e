namespace Heirloom.Encoding.Stages;

/// <summary>Rewrites text before it is split.</summary>
public interface INormalizer : IStage
{
    /// <summary>Whether the result depends on where characters stood in the original, so that places must be tracked even for ids.</summary>
    bool NeedsPlaces => false;

    /// <summary>Rewrites the text and says what became of every place.</summary>
    void Normalize(AlignedText text);

    /// <summary>The same without places.</summary>
    string Normalize(string text)
    {
        var aligned = AlignedText.Of(text, NeedsPlaces);
        Normalize(aligned);
        return aligned.Text;
    }
}
