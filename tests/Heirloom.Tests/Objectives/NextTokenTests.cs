using Heirloom.Data;
using Heirloom.Models;
using Heirloom.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Heirloom.Tests.Objectives;

public class NextTokenTests
{
    private const long No = TokenBatch.Ignore;

    [Fact]
    public void TheNextTokenStaysInItsDocumentAndOffPadding()
    {
        using var scope = NewDisposeScope();
        var batch = new TokenBatch(
            tensor(new[] { 5L, 6, 7, 8, 9, 10, 11, 0 }, [2, 4]),
            Segments: tensor(new[] { 0L, 0, 1, 1, 0, 0, 0, 0 }, [2, 4]),
            Mask: tensor(new[] { true, true, true, true, true, true, true, false }, [2, 4]));

        Assert.Equal([6, No, 8, No, 10, 11, No, No], CausalLM.NextTokens(batch).data<long>().ToArray());
    }

    [Fact]
    public void PrefixesAreUniformAndLeaveATokenOnEitherSide()
    {
        using var scope = NewDisposeScope();
        var mask = ones([4000, 5], ScalarType.Bool);
        mask.narrow(0, 0, 2000).narrow(1, 3, 2).fill_(false);

        var prefixes = PrefixLM.DrawPrefixes(new(ones([4000, 5], ScalarType.Int64), Mask: mask), new(3)).data<long>().ToArray();

        Assert.All(prefixes.Take(2000), p => Assert.InRange(p, 1, 2));
        foreach (var count in Enumerable.Range(1, 4).Select(p => prefixes.Skip(2000).Count(x => x == p)))
        {
            Assert.InRange(count, 500 - 5 * 19.4, 500 + 5 * 19.4); // five standard deviations of a binomial
        }
    }

    /// <summary>mBART's targets end with the token of their language, which the decoder reads first.</summary>
    [Fact]
    public void TheDecoderReadsTheTargetFromItsLastTokenOn()
    {
        using var scope = NewDisposeScope();

        var turned = DecoderInputs.Turn(tensor(new[] { 5L, 6, 7, 8, 9, No, No, No, No }, [3, 3]), 1);

        Assert.Equal([7L, 5, 6, 9, 8, 9, 1, 1, 1], turned.data<long>().ToArray());
    }

    [Fact]
    public void TheDecoderReadsTheTargetShiftedRight()
    {
        using var scope = NewDisposeScope();

        var shifted = DecoderInputs.ShiftRight(tensor(new[] { 5L, 6, 7, 8, 1, No }, [2, 3]), 0, 0);

        Assert.Equal([0L, 5, 6, 0, 8, 1], shifted.data<long>().ToArray());
        Assert.Equal([0L, 0], DecoderInputs.ShiftRight(tensor(new[] { No, 4L }, [1, 2]), 0, 0).data<long>().ToArray());
    }
}
