using System.Reflection;
using Heirloom.Layers;
using Heirloom.Models;
using Heirloom.Models.Speech;
using Heirloom.Models.Vision;
using Heirloom.Models.VisionLanguage;

namespace Heirloom.Checkpoints;

/// <summary>What a model takes of memory besides its weights for a batch of so many sequences of so many positions, estimated from its configuration.</summary>
/// <param name="Batch">Sequences.</param>
/// <param name="Length">Tokens or samples of each; images have as many positions as they have patches.</param>
/// <param name="RunBytes">In float32, forward alone: the largest layer and the logits.</param>
/// <param name="TrainBytes">In float32, with everything that the backward pass needs, without recomputation.</param>
public sealed record MemoryEstimate(int Batch, int Length, long RunBytes, long TrainBytes)
{
    private const long Float = sizeof(float);

    /// <summary>Null for a model of no transformer blocks, of which nothing is known.</summary>
    public static MemoryEstimate? Of(ModelConfig config, int batch, int length)
    {
        // counted in doubles: a damaged configuration may name sizes whose product no integer holds
        var (run, train) = (0.0, 0.0);
        Add(config, batch, length);
        return train > 0 ? new(batch, length, (long)Math.Min(run * Float, long.MaxValue), (long)Math.Min(train * Float, long.MaxValue)) : null;

        void Add(ModelConfig part, double rows, long positions)
        {
            positions = Positions(part, positions);
            var places = rows * Math.Max(positions, 1);
            foreach (var property in Own(part))
            {
                if (property.GetValue(part) is TransformerBlockConfig block)
                {
                    var layers = Own(part).Where(p => p.PropertyType == typeof(int) && p.Name.EndsWith("Layers", StringComparison.Ordinal) && BlockOf(part, p) == property.Name)
                        .Sum(p => (double)(int)p.GetValue(part)!);
                    run = Math.Max(run, places * Working(block));
                    train += layers * places * Kept(block);
                }
                else if (property.GetValue(part) is ModelConfig inner)
                {
                    Add(inner, rows, positions);
                }
            }

            if (part.GetType().GetProperty("VocabularySize")?.GetValue(part) is int vocabulary)
            {
                run += places * vocabulary;
                train += 2 * places * vocabulary;
            }
        }
    }

    /// <summary>Settings proper, not the example that the type keeps of itself.</summary>
    private static IEnumerable<PropertyInfo> Own(ModelConfig part) => part.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0);

    /// <summary>The setting of what so many layers consist of: <c>DecoderBlock</c> of <c>DecoderLayers</c> where it is set, else <c>Block</c>.</summary>
    private static string BlockOf(ModelConfig part, PropertyInfo layers)
    {
        var own = layers.Name[..^"Layers".Length] + "Block";
        return part.GetType().GetProperty(own)?.GetValue(part) is TransformerBlockConfig ? own : "Block";
    }

    private static long Positions(ModelConfig config, long length) => config switch
    {
        VisionTransformerConfig vision => vision.Patches() + 1,
        ClipVisionConfig vision => vision.Patches() + 1,
        SpeechEncoderConfig speech => speech.Frames(length),
        _ => length,
    };

    /// <summary>Numbers a position that one layer has at once: the stream, its normalized copy, and the wider of its branches.</summary>
    private static double Working(TransformerBlockConfig block) => (2.0 * block.Width) + Math.Max(Attended(block), Fed(block));

    /// <summary>Numbers a position that the backward pass needs of one layer: inputs of norms and projections, and of the product and the activation between.</summary>
    private static double Kept(TransformerBlockConfig block) => (6.0 * block.Width) + Attended(block) + Fed(block);

    private static double Attended(TransformerBlockConfig block)
    {
        var attention = block.Attention;
        var head = attention.HeadWidth ?? (double)block.Width / attention.Heads;
        return head * ((2.0 * attention.Heads) + (2.0 * attention.KeyHeads()));
    }

    private static double Fed(TransformerBlockConfig block) => block.FeedForward.Width * (block.FeedForward.Gated ? 4.0 : 2.0);
}
