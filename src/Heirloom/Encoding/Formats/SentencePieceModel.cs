using System.Buffers.Binary;
using System.Text;

namespace Heirloom.Encoding.Formats;

/// <summary>How a piece counts.</summary>
internal enum SentencePieceKind
{
    Normal = 1,
    Unknown,
    Control,
    UserDefined,
    Unused,
    Byte,
}

internal sealed record SentencePiece(string Text, double Score, SentencePieceKind Kind);

/// <summary>The parts of a SentencePiece file that encoding needs, read from its protocol buffer by hand: three messages do not need a compiler.</summary>
internal sealed class SentencePieceModel
{
    private const int Bpe = 2, Unigram = 1;

    private int _kind = Unigram, _bos = 1, _eos = 2, _pad = -1;

    public List<SentencePiece> Pieces { get; } = [];

    public bool IsBpe => _kind == Bpe;

    public bool ByteFallback { get; private set; }

    public int UnknownId { get; private set; }

    public byte[] CharacterMap { get; private set; } = [];

    public bool AddDummyPrefix { get; private set; } = true;

    public bool RemoveExtraWhitespaces { get; private set; } = true;

    /// <exception cref="UserError">It is no such file, or of a kind that is not known.</exception>
    public static SentencePieceModel Parse(byte[] content, string file)
    {
        var model = new SentencePieceModel();
        try
        {
            foreach (var (field, value) in Fields(content))
            {
                switch (field)
                {
                    case 1:
                        model.ReadPiece(value.Bytes.Span);
                        break;
                    case 2:
                        model.ReadTrainer(value.Bytes.Span);
                        break;
                    case 3:
                        model.ReadNormalizer(value.Bytes.Span);
                        break;
                }
            }
        }
        catch (Exception e) when (e is InvalidDataException or DecoderFallbackException)
        {
            throw new UserError($"not a SentencePiece model: {e.Message}", file, inner: e);
        }

        var unknown = model.Pieces.FindIndex(p => p.Kind == SentencePieceKind.Unknown);
        if (unknown < 0)
        {
            throw new UserError("the model has no piece for the unknown", file);
        }

        model.UnknownId = unknown;
        return model._kind is Unigram or Bpe
            ? model
            : throw new UserError($"models of kind {model._kind} are not known", file, "1 (Unigram) or 2 (BPE)");
    }

    public int IdOf(string piece) => Pieces.FindIndex(p => p.Text == piece);

    public SpecialTokenRoles Roles() => new()
    {
        Unknown = Pieces[UnknownId].Text,
        Beginning = Control(_bos, "<s>", "<bos>"),
        End = Control(_eos, "</s>", "<eos>"),
        Padding = Control(_pad, "<pad>"),
    };

    private string? Control(int id, params string[] usual) => (uint)id < (uint)Pieces.Count && Pieces[id].Kind == SentencePieceKind.Control
        ? Pieces[id].Text
        : Pieces.FirstOrDefault(p => p.Kind == SentencePieceKind.Control && usual.Contains(p.Text))?.Text;

    private void ReadPiece(ReadOnlySpan<byte> message)
    {
        var (text, score, kind) = ("", 0f, SentencePieceKind.Normal);
        foreach (var (field, value) in Fields(message.ToArray()))
        {
            switch (field)
            {
                case 1:
                    text = Strict.GetString(value.Bytes.Span);
                    break;
                case 2:
                    score = BitConverter.UInt32BitsToSingle((uint)value.Number);
                    break;
                case 3:
                    kind = (SentencePieceKind)value.Number;
                    break;
            }
        }

        Pieces.Add(float.IsFinite(score) ? new(text, score, kind) : throw new InvalidDataException($"piece {Pieces.Count} has no finite score"));
    }

    private void ReadTrainer(ReadOnlySpan<byte> message)
    {
        foreach (var (field, value) in Fields(message.ToArray()))
        {
            switch (field)
            {
                case 3:
                    _kind = (int)value.Number;
                    break;
                case 24 when value.Number != 0:
                    throw new UserError("the model ends words with their white space, which is not supported");
                case 35:
                    ByteFallback = value.Number != 0;
                    break;
                case 41:
                    _bos = (int)value.Number;
                    break;
                case 42:
                    _eos = (int)value.Number;
                    break;
                case 43:
                    _pad = (int)value.Number;
                    break;
            }
        }
    }

    private void ReadNormalizer(ReadOnlySpan<byte> message)
    {
        foreach (var (field, value) in Fields(message.ToArray()))
        {
            switch (field)
            {
                case 2:
                    CharacterMap = value.Bytes.ToArray();
                    break;
                case 3:
                    AddDummyPrefix = value.Number != 0;
                    break;
                case 4:
                    RemoveExtraWhitespaces = value.Number != 0;
                    break;
                case 5 when value.Number == 0:
                    throw new UserError("the model keeps white space as it is, which is not supported");
            }
        }
    }

    private static UTF8Encoding Strict { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The fields of a message: a number, or bytes.</summary>
    private static IEnumerable<(int Field, (ulong Number, ReadOnlyMemory<byte> Bytes) Value)> Fields(ReadOnlyMemory<byte> message)
    {
        for (var at = 0; at < message.Length;)
        {
            var key = Varint(message.Span, ref at);
            var field = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    yield return (field, (Varint(message.Span, ref at), default));
                    break;
                case 1:
                    yield return (field, (BinaryPrimitives.ReadUInt64LittleEndian(Take(message, ref at, 8).Span), default));
                    break;
                case 2:
                    var length = Varint(message.Span, ref at);
                    yield return (field, (0, Take(message, ref at, length)));
                    break;
                case 5:
                    yield return (field, (BinaryPrimitives.ReadUInt32LittleEndian(Take(message, ref at, 4).Span), default));
                    break;
                default:
                    throw new InvalidDataException($"byte {at} begins no field");
            }
        }
    }

    private static ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> message, ref int at, ulong length)
    {
        if (length > (ulong)(message.Length - at))
        {
            throw new InvalidDataException("it is cut off");
        }

        at += (int)length;
        return message.Slice(at - (int)length, (int)length);
    }

    private static ulong Varint(ReadOnlySpan<byte> message, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (at >= message.Length)
            {
                throw new InvalidDataException("it is cut off");
            }

            var part = message[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("a number is too long");
    }
}
