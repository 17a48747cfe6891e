namespace Heirloom.Core.Ranks;

/// <summary>What ranks decide together, so that none goes on alone and waits for ever.</summary>
public static class RankAgreement
{
    private const byte No = 0, Yes = 1, Canceled = 2, Failed = 3, FailedUser = 4;

    /// <summary>Does a part of the work that may fail on some ranks; then it fails on all of them.</summary>
    /// <exception cref="SharedFailure">It failed somewhere. (Alone, the exception itself is thrown.)</exception>
    /// <exception cref="OperationCanceledException">It was asked to stop somewhere.</exception>
    public static T Together<T>(this IRanks ranks, Func<T> work)
    {
        T? result = default;
        ranks.TogetherAny(() =>
        {
            result = work();
            return false;
        });
        return result!;
    }

    /// <inheritdoc cref="Together{T}(IRanks, Func{T})"/>
    public static void Together(this IRanks ranks, Action work) => ranks.TogetherAny(() =>
    {
        work();
        return false;
    });

    /// <summary>Likewise; tells whether any rank's work said yes.</summary>
    /// <inheritdoc cref="Together{T}(IRanks, Func{T})"/>
    public static bool TogetherAny(this IRanks ranks, Func<bool> work)
    {
        if (ranks.Count == 1)
        {
            return work();
        }

        var (state, error) = (No, (Exception?)null);
        try
        {
            state = work() ? Yes : No;
        }
        catch (Exception e)
        {
            (state, error) = (e is OperationCanceledException ? Canceled : e is UserError or SharedFailure { UserError: true } ? FailedUser : Failed, e);
        }

        return ranks.Settle(state, error);
    }

    /// <summary>Does what all ranks do alike, so that an error is everybody's and the leader tells it.</summary>
    /// <exception cref="SharedFailure">It failed. (Alone, the exception itself is thrown.)</exception>
    public static T Alike<T>(this IRanks ranks, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (UserError e) when (ranks.Count > 1)
        {
            throw new SharedFailure(e.Message, userError: true, e);
        }
    }

    /// <summary>What the leader says.</summary>
    public static string FromLeader(this IRanks ranks, string? text) =>
        ranks.Count == 1 ? text! : TextEncoding.UTF8.GetString(ranks.Gather(ranks.Leads ? TextEncoding.UTF8.GetBytes(text!) : [])[0]);

    /// <summary>What the first rank that has something to say says.</summary>
    public static string? First(this IRanks ranks, string? text) => ranks.Count == 1 ? text
        : ranks.Gather(TextEncoding.UTF8.GetBytes(text ?? "")).Select(TextEncoding.UTF8.GetString).FirstOrDefault(said => said.Length > 0);

    /// <summary>Tells all ranks how a part of the work went here, and hears how it went there.</summary>
    private static bool Settle(this IRanks ranks, byte state, Exception? error)
    {
        var said = ranks.Gather([state, .. TextEncoding.UTF8.GetBytes(error is null ? "" : Describe(error))]);
        var failed = Enumerable.Range(0, said.Count).FirstOrDefault(rank => said[rank][0] >= Failed, -1);
        if (failed >= 0)
        {
            var text = TextEncoding.UTF8.GetString(said[failed].AsSpan(1));
            var everywhere = said.All(s => s.AsSpan().SequenceEqual(said[failed]));
            throw new SharedFailure(everywhere ? text : $"rank {failed} of {ranks.Count}: {text}", said[failed][0] == FailedUser, error);
        }

        return said.Any(s => s[0] == Canceled) ? throw error as OperationCanceledException ?? new OperationCanceledException() : said.Any(s => s[0] == Yes);
    }

    private static string Describe(Exception error) =>
        error is UserError or SharedFailure ? error.Message : $"unexpected {error.GetType().Name}: {error.Message}";
}
