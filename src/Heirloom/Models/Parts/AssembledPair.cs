using Heirloom.Models.VisionLanguage;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Heirloom.Models.Parts;

/// <summary>An assembled model of two streams, which gives a text and an image that belong together vectors that are alike.</summary>
public sealed class AssembledPair : AssembledModel, IImageTextModel
{
    [ComponentName(Name = "second")]
    private readonly AssembledImages _images;

    private readonly TextSide _texts;
    private readonly ImageSide _seen;

    internal AssembledPair(AssembledConfig config) : this(config, new AssembledImages(new() { Embedding = config.Second!.Embedding, Encoder = config.Second.Encoder, Targets = [] }))
    {
    }

    private AssembledPair(AssembledConfig config, AssembledImages images) : base(nameof(AssembledPair), config, place => place with { SecondWidth = images.Width })
    {
        Accept("compares", t => t is ContrastTarget);
        var target = Find<ContrastTarget>() ?? throw new UserError("two streams are compared", "targets", "targets: [{ kind: contrast, … }]");
        _images = images;
        _texts = new(this, target);
        _seen = new(this, target);
        RegisterComponents();
    }

    public ITextEmbedder Texts => _texts;

    public IImageEncoder Images => _seen;

    public Tensor LogScale => Find<ContrastTarget>()!.LogScale;

    private sealed class TextSide(AssembledPair pair, ContrastTarget target) : ITextEmbedder
    {
        public nn.Module Module => pair;

        public ModelConfig Config => pair.Config;

        public int Width => pair.Width;

        public int VocabularySize => pair._embedding.Find<WordPart>()!.VocabularySize;

        public int ContextLength => pair.Settings.Embedding.ContextLength ?? int.MaxValue;

        public Tensor Encode(TokenInputs inputs) => pair.Encode(new StreamInputs { Tokens = inputs });

        public Tensor Embed(TokenInputs inputs)
        {
            using var scope = NewDisposeScope();
            return target.Texts(this, Encode(inputs), inputs).MoveToOuterDisposeScope();
        }
    }

    private sealed class ImageSide(AssembledPair pair, ContrastTarget target) : IImageEncoder
    {
        public nn.Module Module => pair;

        public ModelConfig Config => pair.Config;

        public int Width => pair._images.Width;

        public Tensor Encode(Tensor images) => pair._images.Encode(images);

        public Tensor Embed(Tensor images)
        {
            using var scope = NewDisposeScope();
            return target.Images(pair._images.Embed(images)).MoveToOuterDisposeScope();
        }
    }
}
