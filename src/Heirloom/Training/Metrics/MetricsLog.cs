using System.Buffers;
using System.Text.Json;

namespace Heirloom.Training.Metrics;

/// <summary>The course of a run: one JSON object a line in <c>metrics.jsonl</c>, and the same as TensorBoard events.</summary>
public sealed class MetricsLog : IDisposable
{
    public const string FileName = "metrics.jsonl", EventsFolder = "tensorboard";
    private const string StepKey = "step";

    // names such as loss/kl are to be readable in the file
    private static readonly JsonWriterOptions Compact = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly FileStream _lines;
    private readonly EventFile _events;

    /// <summary>Opens the log of a run that stands at a step: what an interrupted run logged beyond it is cut off, for it is about to happen again.</summary>
    public MetricsLog(string folder, long step, TimeProvider clock)
    {
        var path = Path.Combine(folder, FileName);
        var keep = File.Exists(path) ? File.ReadLines(path).Where(l => StepOf(l) is { } s && s <= step).ToList() : [];
        Atomic.WriteText(path, string.Concat(keep.Select(l => l + "\n")));
        _lines = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        _events = new EventFile(Path.Combine(folder, EventsFolder), clock, step == 0 ? null : step);
    }

    /// <summary>Writes the values of a step; numbers that JSON has no form for become strings ("NaN").</summary>
    public void Write(long step, IReadOnlyCollection<KeyValuePair<string, double>> values)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            json.WriteStartObject();
            json.WriteNumber(StepKey, step);
            foreach (var (name, value) in values)
            {
                if (double.IsFinite(value))
                {
                    json.WriteNumber(name, value);
                }
                else
                {
                    json.WriteString(name, value.ToString());
                }
            }

            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        try
        {
            _lines.Write(buffer.WrittenSpan);
            _lines.Flush();
            _events.Add(step, values);
        }
        catch (IOException e)
        {
            throw new UserError($"cannot write metrics: {e.Message}", _lines.Name, "free space and resume the run", e);
        }
    }

    public void Dispose()
    {
        _lines.Dispose();
        _events.Dispose();
    }

    /// <summary>Null for a line that a crash cut off.</summary>
    private static long? StepOf(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.GetProperty(StepKey).GetInt64();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }
}
