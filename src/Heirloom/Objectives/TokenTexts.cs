using Heirloom.Data;

namespace Heirloom.Objectives;

/// <summary>Rows of a batch as plain arrays, for objectives that rearrange texts.</summary>
public static class TokenTexts
{
    /// <summary>Every row's real tokens, in order; a row counts as one text.</summary>
    public static IEnumerable<long[]> Of(TokenBatch batch)
    {
        var length = (int)batch.Ids.shape[1];
        var ids = batch.Ids.cpu().contiguous().data<long>().ToArray();
        var real = batch.Mask?.cpu().contiguous().data<bool>().ToArray();
        for (var row = 0; row < batch.Count; row++)
        {
            yield return [.. Enumerable.Range(row * length, length).Where(i => real is null || real[i]).Select(i => ids[i])];
        }
    }
}
