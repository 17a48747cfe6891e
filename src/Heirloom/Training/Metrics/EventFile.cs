using System.Buffers;
using System.Buffers.Binary;

namespace Heirloom.Training.Metrics;

/// <summary>Writes scalars as TensorBoard reads them: <c>Event</c> protocol buffers in TFRecord frames.</summary>
/// <remarks>The few fields in use are encoded by hand: a protobuf runtime and generated classes would be many times this.</remarks>
public sealed class EventFile : IDisposable
{
    private const string Prefix = "events.out.tfevents.";
    private readonly FileStream _stream;
    private readonly TimeProvider _clock;

    /// <summary>Starts a file in a folder.</summary>
    /// <param name="folder">Is made if need be.</param>
    /// <param name="clock">Gives the file's name and the times in it.</param>
    /// <param name="resumedAt">The step from which a run goes on: TensorBoard then drops what older files say of later ones.</param>
    public EventFile(string folder, TimeProvider clock, long? resumedAt = null)
    {
        _clock = clock;
        Directory.CreateDirectory(folder);
        var stem = Path.Combine(folder, $"{Prefix}{Math.Max(clock.GetUtcNow().ToUnixTimeSeconds(), Newest(folder) + 1):D10}.heirloom.{Environment.ProcessId}");
        for (var i = 0; ; i++)
        {
            var path = $"{stem}.{i}";
            if (!File.Exists(path))
            {
                _stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
                break;
            }
        }

        Write(new Message().Double(EventField.WallTime, Now()).Text(EventField.FileVersion, "brain.Event:2"));
        if (resumedAt is { } step)
        {
            Write(new Message().Double(EventField.WallTime, Now()).Integer(EventField.Step, step)
                .Nested(EventField.SessionLog, new Message().Integer(EventField.SessionStatus, EventField.SessionStart)));
        }
    }

    /// <summary>The largest second in a name: TensorBoard reads files in the order of names, so a clock that went back must not put a later one first.</summary>
    private static long Newest(string folder) => Directory.EnumerateFiles(folder, Prefix + "*")
        .Select(f => long.TryParse(Path.GetFileName(f)[Prefix.Length..].Split('.')[0], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var second) ? second : -1)
        .DefaultIfEmpty(-1).Max();

    /// <summary>Adds the scalars of a step.</summary>
    public void Add(long step, IEnumerable<KeyValuePair<string, double>> scalars)
    {
        var summary = new Message();
        foreach (var (tag, value) in scalars)
        {
            summary.Nested(EventField.SummaryValue, new Message().Text(EventField.Tag, tag).Single(EventField.SimpleValue, (float)value));
        }

        Write(new Message().Double(EventField.WallTime, Now()).Integer(EventField.Step, step).Nested(EventField.Summary, summary));
        _stream.Flush();
    }

    public void Dispose() => _stream.Dispose();

    private double Now() => _clock.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;

    /// <summary>A frame: length, its checksum, data, their checksum; all little-endian.</summary>
    private void Write(Message message)
    {
        var data = message.Bytes;
        Span<byte> head = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(head, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], Crc32C.Masked(head[..8]));
        Span<byte> tail = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(tail, Crc32C.Masked(data));
        _stream.Write(head);
        _stream.Write(data);
        _stream.Write(tail);
    }

    /// <summary>A protocol buffer under construction.</summary>
    private sealed class Message
    {
        private const int Varint = 0, Fixed64 = 1, Delimited = 2, Fixed32 = 5;
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

        public Message Double(int field, double value)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
            return Key(field, Fixed64).Raw(bytes);
        }

        public Message Single(int field, float value)
        {
            Span<byte> bytes = stackalloc byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            return Key(field, Fixed32).Raw(bytes);
        }

        public Message Integer(int field, long value) => Key(field, Varint).Number((ulong)value);

        public Message Text(int field, string value)
        {
            var bytes = TextEncoding.UTF8.GetBytes(value);
            return Key(field, Delimited).Number((ulong)bytes.Length).Raw(bytes);
        }

        public Message Nested(int field, Message message) => Key(field, Delimited).Number((ulong)message._bytes.WrittenCount).Raw(message.Bytes);

        private Message Key(int field, int wire) => Number((ulong)((field << 3) | wire));

        private Message Number(ulong value)
        {
            for (; value >= 0x80; value >>= 7)
            {
                _bytes.Write([(byte)(value | 0x80)]);
            }

            _bytes.Write([(byte)value]);
            return this;
        }

        private Message Raw(ReadOnlySpan<byte> bytes)
        {
            _bytes.Write(bytes);
            return this;
        }
    }
}

/// <summary>Field numbers of tensorflow/core/util/event.proto and framework/summary.proto.</summary>
internal static class EventField
{
    public const int WallTime = 1, Step = 2, FileVersion = 3, Summary = 5, SessionLog = 7;
    public const int SummaryValue = 1, Tag = 1, SimpleValue = 2;
    public const int SessionStatus = 1, SessionStart = 1;
}
