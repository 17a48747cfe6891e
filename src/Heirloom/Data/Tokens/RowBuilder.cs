namespace Heirloom.Data.Tokens;

/// <summary>Lays stretches of the corpus into a row: ids, the token after each as its target, document numbers, padding.</summary>
internal static class RowBuilder
{
    public static TokenRow Build(TokenFile file, IEnumerable<Piece> pieces, int context, Boundaries boundaries)
    {
        var (ids, targets) = (new long[context], new long[context]);
        var segments = boundaries == Boundaries.Respect ? new long[context] : null;
        var (at, segment) = (0, 0L);
        foreach (var piece in pieces)
        {
            file.Read(piece.Start, ids.AsSpan(at, piece.Length));
            ReadTargets(file, piece, targets.AsSpan(at, piece.Length));
            if (segments is not null)
            {
                segment = Separate(file, piece, targets.AsSpan(at, piece.Length), segments.AsSpan(at, piece.Length), segment);
            }

            at += piece.Length;
        }

        ids.AsSpan(at).Fill(file.Info.Separator ?? 0);
        targets.AsSpan(at).Fill(TokenBatch.Ignore);
        segments?.AsSpan(at).Fill(segment);
        return new(ids, targets, segments, at);
    }

    private static void ReadTargets(TokenFile file, Piece piece, Span<long> targets)
    {
        var known = (int)Math.Min(piece.Length, file.Info.Tokens - piece.Start - 1);
        file.Read(piece.Start + 1, targets[..known]);
        targets[known..].Fill(TokenBatch.Ignore);
    }

    /// <summary>Numbers the documents of a piece and takes away the targets that lie in the next one; returns the next free number.</summary>
    private static long Separate(TokenFile file, Piece piece, Span<long> targets, Span<long> segments, long segment)
    {
        var document = file.DocumentAt(piece.Start);
        for (var at = 0; at < piece.Length; document++)
        {
            var end = file.Document(document).End - piece.Start;
            if (end <= at)
            {
                // an empty document
                continue;
            }

            var stop = (int)Math.Min(end, piece.Length);
            segments[at..stop].Fill(segment++);
            if (end <= piece.Length)
            {
                targets[stop - 1] = TokenBatch.Ignore;
            }

            at = stop;
        }

        return segment;
    }
}
