namespace Heirloom.Tests;

public class SmokeTests
{
    [Fact]
    public void Torch() => Assert.Equal(4f, TorchSharp.torch.ones(4).sum().item<float>());
}
