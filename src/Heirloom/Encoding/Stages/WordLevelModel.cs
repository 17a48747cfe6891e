namespace Heirloom.Encoding.Stages;

/// <summary>Each piece is a token, or unknown.</summary>
[Stage("WordLevel")]
public sealed record WordLevelModel : ITokenModel
{
    public required IReadOnlyDictionary<string, int> Vocab { get; init; }

    /// <summary>The token of what is not in the vocabulary; it may be missing there as long as nothing needs it.</summary>
    public string UnkToken { get; init; } = "<unk>";

    public IPieceEncoder Compile(bool bytes) => new Encoder(this);

    public bool StartsWord(string token) => true;

    private sealed class Encoder(WordLevelModel model) : IPieceEncoder
    {
        private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids = new Dictionary<string, int>(model.Vocab).GetAlternateLookup<ReadOnlySpan<char>>();
        private readonly int? _unknown = model.Vocab.TryGetValue(model.UnkToken, out var id) ? id : null;

        public void Encode(ReadOnlySpan<char> piece, TokenSink tokens)
        {
            if (!_ids.TryGetValue(piece, out var id))
            {
                id = _unknown ?? throw new UserError($"'{piece}' is not in the vocabulary, and neither is the unknown token '{model.UnkToken}'", "model.unk_token");
            }

            tokens.Add(id, 0, tokens.Spans is null ? 0 : TextEncoding.UTF8.GetByteCount(piece));
        }
    }
}
