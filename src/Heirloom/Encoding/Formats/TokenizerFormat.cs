using System.Reflection;
using System.Text.Json;

namespace Heirloom.Encoding.Formats;

/// <summary>A way of writing tokenizers other than <c>tokenizer.json</c>. Formats are found by reflection: a new one is a new file.</summary>
internal abstract class TokenizerFormat
{
    private static readonly Lazy<IReadOnlyList<TokenizerFormat>> All = new(() =>
        [.. Assembly.GetExecutingAssembly().GetTypes().Where(t => t.IsSubclassOf(typeof(TokenizerFormat)) && !t.IsAbstract).Select(t => (TokenizerFormat)Activator.CreateInstance(t)!).OrderBy(f => f.Order)]);

    /// <summary>Of several in one folder the least is taken.</summary>
    protected abstract int Order { get; }

    /// <summary>The files in a folder that may be in this format.</summary>
    protected abstract IEnumerable<string> NamesIn(string folder);

    /// <summary>Whether a file is in this format, by its name and its first bytes.</summary>
    protected abstract bool Accepts(string file, ReadOnlySpan<byte> beginning);

    /// <exception cref="UserError">The file is ill-formed.</exception>
    public abstract (TokenizerDefinition Definition, SpecialTokenRoles Roles) Read(string file, TokenizerSettings settings);

    /// <summary>The format of a file, or of the best file in a folder; null where there is none.</summary>
    public static (TokenizerFormat Format, string File)? Find(string path)
    {
        foreach (var format in All.Value)
        {
            foreach (var file in Directory.Exists(path) ? format.NamesIn(path) : [path])
            {
                if (File.Exists(file) && format.Accepts(file, Beginning(file)))
                {
                    return (format, file);
                }
            }
        }

        return null;
    }

    protected static byte[] Content(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot read: {e.Message}", file, inner: e);
        }
    }

    protected static Dictionary<string, int> Vocabulary(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(Content(file));
            var vocabulary = new Dictionary<string, int>();
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                if (!vocabulary.TryAdd(entry.Name, entry.Value.GetInt32()))
                {
                    throw new UserError($"'{entry.Name}' is there twice", file);
                }
            }

            return vocabulary;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new UserError($"not a vocabulary: {e.Message.ReplaceLineEndings(" ")}", file, inner: e);
        }
    }

    /// <summary>Added tokens: what the settings beside the file list, and the special ones of a vocabulary.</summary>
    protected static IReadOnlyList<AddedToken> Added(TokenizerSettings settings, IReadOnlyDictionary<string, int> vocabulary, IEnumerable<string?> special)
    {
        var added = settings.Added.ToDictionary(t => t.Content);
        foreach (var token in special.OfType<string>().Where(t => !added.ContainsKey(t) && vocabulary.ContainsKey(t)))
        {
            added[token] = new() { Id = vocabulary[token], Content = token, Special = true, Lstrip = settings.StripsLeft(token) };
        }

        return [.. added.Values.DistinctBy(t => t.Content).OrderBy(t => t.Id)];
    }

    private static byte[] Beginning(string file)
    {
        try
        {
            using var stream = File.OpenRead(file);
            var bytes = new byte[256];
            return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"cannot read: {e.Message}", file, inner: e);
        }
    }
}
