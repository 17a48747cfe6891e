using Heirloom.Data;
using Heirloom.Data.Tokens;

namespace Heirloom.Encoding;

/// <summary>Turns a source into a token file: once for a pair of source and tokenizer, on all cores, holding a few million characters at a time.</summary>
public static class TokenizedCorpus
{
    private const int ChunkCharacters = 4 << 20;
    private const int ChunkDocuments = 4096;

    /// <summary>The token file of a source from the cache, written first where it is not there yet or does not fit.</summary>
    public static TokenFile Open(IDocumentSource source, ITokenizer tokenizer, WorkContext work)
    {
        var path = Path.Combine(work.Places.Cache, "tokens", $"{source.Fingerprint[..16]}-{tokenizer.Fingerprint[..Math.Min(16, tokenizer.Fingerprint.Length)]}.tokens");
        if (File.Exists(path))
        {
            try
            {
                var file = TokenFile.Open(path, tokenizer.Fingerprint);
                if (file.Info.SourceFingerprint == source.Fingerprint)
                {
                    return file;
                }

                file.Dispose();
            }
            catch (UserError damaged)
            {
                work.Progress.Note($"{damaged.Message}: doing so");
            }
        }

        Write(path, source, tokenizer, work);
        return TokenFile.Open(path, tokenizer.Fingerprint);
    }

    /// <summary>Writes a token file; every document ends with the tokenizer's end of text, where it has one.</summary>
    /// <exception cref="UserError">The source cannot be read or the file not written; nothing is left behind.</exception>
    /// <exception cref="OperationCanceledException">Asked to stop: half a corpus is none.</exception>
    public static TokenFileInfo Write(string path, IDocumentSource source, ITokenizer tokenizer, WorkContext work)
    {
        using var progress = work.Progress.Begin($"tokenizing {source.Name}", unit: "documents");
        var info = new TokenFileInfo
        {
            VocabularySize = tokenizer.VocabularySize,
            TokenizerFingerprint = tokenizer.Fingerprint,
            SourceFingerprint = source.Fingerprint,
            Separator = tokenizer.EndOfText,
        };
        return TokenFileWriter.Write(path, info, Encode(source, tokenizer, progress, work.Stop));
    }

    private static IEnumerable<EncodedDocument> Encode(IDocumentSource source, ITokenizer tokenizer, IProgressTask progress, CancellationToken stop)
    {
        var (documents, tokens) = (0L, 0L);

        // a corpus is cut by the data pipeline: what a file says about one input would drop most of every document
        tokenizer = tokenizer is Tokenizer limited ? limited.Unlimited() : tokenizer;
        foreach (var chunk in Chunks(source.Read()))
        {
            stop.ThrowIfCancellationRequested();
            var encoded = new EncodedDocument[chunk.Count];
            Parallel.For(0, chunk.Count, i => encoded[i] = Encode(chunk[i].Text, tokenizer));
            foreach (var document in encoded)
            {
                tokens += document.Ids.Count;
                yield return document;
            }

            documents += chunk.Count;
            progress.Report(documents, $"{tokens / 1e6:F1} M tokens");
        }
    }

    private static EncodedDocument Encode(string text, ITokenizer tokenizer)
    {
        var ids = tokenizer.Encode(text);
        return new(tokenizer.EndOfText is { } end ? [.. ids, end] : ids, TextEncoding.UTF8.GetByteCount(text));
    }

    private static IEnumerable<List<Document>> Chunks(IEnumerable<Document> documents)
    {
        var chunk = new List<Document>();
        var characters = 0L;
        foreach (var document in documents)
        {
            chunk.Add(document);
            characters += document.Text.Length;
            if (characters >= ChunkCharacters || chunk.Count >= ChunkDocuments)
            {
                yield return chunk;
                (chunk, characters) = ([], 0);
            }
        }

        if (chunk.Count > 0)
        {
            yield return chunk;
        }
    }
}
