using Heirloom.Encoding;

namespace Heirloom.Generation.Text;

/// <summary>A prompt as a model reads it: with what its tokenizer puts before a text, without what it puts behind one, since the text goes on.</summary>
public static class PromptEncoder
{
    /// <exception cref="UserError">The prompt is empty and the tokenizer has no token to begin with.</exception>
    public static int[] Encode(Tokenizer tokenizer, string prompt, string where = "prompt")
    {
        tokenizer = tokenizer.Unlimited();
        var (plain, whole) = (tokenizer.Encode(prompt), tokenizer.Encode(prompt, special: true));
        if (plain.Length > 0)
        {
            var at = whole.AsSpan().IndexOf(plain);
            return at >= 0 ? whole[..(at + plain.Length)] : plain;
        }

        var begin = tokenizer.IdOf(tokenizer.Roles.Beginning) ?? tokenizer.EndOfText;
        return [begin ?? throw new UserError("is empty, and the tokenizer has no token to begin with", where, "give it some text")];
    }
}
