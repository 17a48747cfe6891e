using Heirloom.Encoding.Chat;

namespace Heirloom.Tests.Encoding.Chat;

/// <summary>The formats as their models were trained with them.</summary>
public sealed class NamedChatTemplatesTests
{
    [Theory]
    [InlineData("chatml", "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData("llama3", "<s><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n")]
    [InlineData("mistral", "<s> [INST] Be kind.\n\nHello [/INST]")]
    [InlineData("alpaca", "Be kind.\n\n### Instruction:\nHello\n\n### Response:\n")]
    [InlineData("exaone", "[|system|]Be kind.[|endofturn|]\n[|user|]Hello\n[|assistant|]")]
    public void Render(string name, string expected) =>
        Assert.Equal(expected, ChatTemplate.Parse(NamedChatTemplates.Find(name)!, name).Render(new()
        {
            Messages = ChatTemplateInput.Turns(("system", "Be kind."), ("user", "Hello")),
            SpecialTokens = new Dictionary<string, string> { ["bos_token"] = "<s>", ["eos_token"] = "</s>" },
            Now = default,
        }).Text);
}
