using System.Runtime.InteropServices;

namespace Heirloom.Training;

/// <summary>Recognizes that a step found no memory, which libtorch says in many words and a person can mend.</summary>
internal static class OutOfMemory
{
    private static readonly string[] s_words = ["not enough memory", "can't allocate memory", "out of memory"];

    /// <summary>Runs a part of a step.</summary>
    /// <exception cref="UserError">There was no memory for it.</exception>
    public static T Told<T>(Func<T> part, long step)
    {
        try
        {
            return part();
        }
        catch (Exception e) when (e is OutOfMemoryException || (e is ExternalException && s_words.Any(w => e.Message.Contains(w, StringComparison.OrdinalIgnoreCase))))
        {
            throw new UserError("there is not enough memory for it", $"step {step + 1}", "use smaller batches and more of them a step (accumulate), shorter rows or a smaller model; the last snapshot is good", e);
        }
    }
}
