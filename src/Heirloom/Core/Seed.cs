using System.Buffers.Binary;
using System.Security.Cryptography;
using TorchSharp;

namespace Heirloom.Core;

/// <summary>The only source of randomness. Children are derived by name and never drawn in order, so adding a consumer changes no other.</summary>
public readonly record struct Seed(ulong Value)
{
    /// <summary>A child that depends on this seed and on <paramref name="purpose"/> alone.</summary>
    public Seed For(string purpose)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(TextEncoding.UTF8.GetBytes($"{Value}/{purpose}"), hash);
        return new(BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 1);
    }

    /// <summary>The child of a step or an index: <c>For("name/i")</c>.</summary>
    public Seed For(string purpose, long index) => For($"{purpose}/{index}");

    /// <summary>A managed generator, for sampling outside tensors.</summary>
    public Rng Random() => new(Value);

    /// <summary>A tensor generator of its own; the caller disposes it.</summary>
    public torch.Generator Generator() => new(Value);

    /// <summary>Pins libtorch's global generator, for operations that take none (dropout, parameter initialization).</summary>
    public void Pin()
    {
#pragma warning disable RS0030 // the one permitted use
        torch.manual_seed((long)Value);
#pragma warning restore RS0030
    }
}
