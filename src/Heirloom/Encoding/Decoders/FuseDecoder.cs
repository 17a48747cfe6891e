using Heirloom.Encoding.Stages;

namespace Heirloom.Encoding.Decoders;

/// <summary>Joins all parts, so that what follows sees them as one.</summary>
[Stage("Fuse")]
public sealed record FuseDecoder : IDecoder
{
    public IReadOnlyList<string> DecodeParts(IReadOnlyList<string> parts) => [string.Concat(parts)];
}
