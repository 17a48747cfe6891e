using System.Buffers.Binary;
using System.Text.Json;
using CsCheck;
using Heirloom.Training.Metrics;

namespace Heirloom.Tests.Training;

public class MetricsTests
{
    [Fact]
    public void ChecksumsAreThoseOfTheStandard()
    {
        // RFC 3720, appendix B.4
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of([.. Enumerable.Repeat((byte)0xFF, 32)]));
        Assert.Equal(0x46DD794Eu, Crc32C.Of([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));

        // the mask undone gives the checksum back
        var unmasked = System.Numerics.BitOperations.RotateLeft(Crc32C.Masked("123456789"u8) - 0xA282EAD8u, 15);
        Assert.Equal(0xE3069283u, unmasked);
    }

    [Fact]
    public void EventsReadBackAsWritten()
    {
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.String[Gen.Char.AlphaNumeric, 1, 300], Gen.Float).Array[0, 5].Sample(
            events =>
            {
                using var folder = new TemporaryFolder();
                using (var file = new EventFile(folder.Path, TimeProvider.System))
                {
                    foreach (var (step, tag, value) in events)
                    {
                        file.Add(step, [new(tag, value), new(tag + "/2", 1)]);
                    }
                }

                var read = Read(Assert.Single(Directory.GetFiles(folder.Path)));
                Assert.Equal("brain.Event:2", read[0].Version);
                Assert.Equal(
                    events.SelectMany(e => new[] { (e.Item1, e.Item2, e.Item3), (e.Item1, e.Item2 + "/2", 1f) }),
                    read.Skip(1).SelectMany(e => e.Scalars.Select(s => (e.Step, s.Tag, s.Value))));
            },
            iter: 30);
    }

    [Fact]
    public void AResumedFileTellsTensorBoardWhereItGoesOn()
    {
        using var folder = new TemporaryFolder();
        new EventFile(folder.Path, TimeProvider.System).Dispose();
        new EventFile(folder.Path, TimeProvider.System, 17).Dispose();
        var files = Directory.GetFiles(folder.Path);
        Assert.Equal(2, files.Length);
        Assert.Single(files.SelectMany(Read), e => e is { Step: 17, Started: true });
    }

    [Fact]
    public void LinesAreJsonWhateverTheValue()
    {
        using var folder = new TemporaryFolder();
        using (var log = new MetricsLog(folder.Path, 0, TimeProvider.System))
        {
            log.Write(1, [new("loss", 0.1), new("loss/a \"b\"", double.NaN)]);
            log.Write(2, [new("loss", double.PositiveInfinity)]);
        }

        var lines = File.ReadAllLines(folder / MetricsLog.FileName).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(0.1, lines[0].GetProperty("loss").GetDouble());
        Assert.Equal("NaN", lines[0].GetProperty("loss/a \"b\"").GetString());
        Assert.Equal(2, lines[1].GetProperty("step").GetInt64());
    }

    private sealed record Event(long Step, string Version, bool Started, List<(string Tag, float Value)> Scalars);

    /// <summary>A reader of its own, from the formats' definitions.</summary>
    private static List<Event> Read(string path)
    {
        var events = new List<Event>();
        for (var rest = File.ReadAllBytes(path).AsSpan(); rest.Length > 0;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest);
            Assert.Equal(Crc32C.Masked(rest[..8]), BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]));
            var data = rest.Slice(12, length);
            Assert.Equal(Crc32C.Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(rest[(12 + length)..]));
            rest = rest[(16 + length)..];
            var made = new Event(0, "", false, []);
            foreach (var (field, number, bytes) in Fields(data.ToArray()))
            {
                made = field switch
                {
                    2 => made with { Step = (long)number },
                    3 => made with { Version = TextEncoding.UTF8.GetString(bytes) },
                    7 => made with { Started = Fields(bytes).Single() is (1, 1, _) },
                    _ => made,
                };
                if (field == 5)
                {
                    foreach (var (_, _, value) in Fields(bytes))
                    {
                        var parts = Fields(value).ToDictionary(f => f.Field);
                        made.Scalars.Add((TextEncoding.UTF8.GetString(parts[1].Bytes), BitConverter.UInt32BitsToSingle((uint)parts[2].Number)));
                    }
                }
            }

            events.Add(made);
        }

        return events;
    }

    private static List<(int Field, ulong Number, byte[] Bytes)> Fields(byte[] message)
    {
        var fields = new List<(int, ulong, byte[])>();
        for (var at = 0; at < message.Length;)
        {
            var key = Varint();
            switch (key & 7)
            {
                case 0:
                    fields.Add(((int)(key >> 3), Varint(), []));
                    break;
                case 1:
                    fields.Add(((int)(key >> 3), BitConverter.ToUInt64(message, at), []));
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint();
                    fields.Add(((int)(key >> 3), 0, message[at..(at + length)]));
                    at += length;
                    break;
                default:
                    fields.Add(((int)(key >> 3), BitConverter.ToUInt32(message, at), []));
                    at += 4;
                    break;
            }

            ulong Varint()
            {
                var value = 0UL;
                for (var shift = 0; ; shift += 7)
                {
                    var b = message[at++];
                    value |= (ulong)(b & 0x7F) << shift;
                    if (b < 0x80)
                    {
                        return value;
                    }
                }
            }
        }

        return fields;
    }
}
