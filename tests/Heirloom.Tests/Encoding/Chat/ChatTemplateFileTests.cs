using Heirloom.Encoding.Chat;

namespace Heirloom.Tests.Encoding.Chat;

public sealed class ChatTemplateFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadsTextFromTheTokenizersConfiguration()
    {
        Write("tokenizer_config.json", """{"chat_template": "one"}""");

        Assert.Equal("one", ChatTemplateFile.Read(_folder.Path).Get().Source);
    }

    [Fact]
    public void ReadsNamedTemplatesAndChoosesTheOneForTools()
    {
        Write("tokenizer_config.json", """{"chat_template": [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "tools"}, {"name": "rag", "template": "documents"}]}""");
        var file = ChatTemplateFile.Read(_folder.Path);

        Assert.Equal(["plain", "tools", "documents"], [file.Get().Source, file.Get(tools: true).Source, file.Get("rag").Source]);
        Assert.Contains("did you mean 'rag'", Assert.Throws<UserError>(() => file.Get("rug")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileOfItsOwnGoesBeforeTheConfiguration()
    {
        Write("tokenizer_config.json", """{"chat_template": "old"}""");
        Write("chat_template.json", """{"chat_template": "newer"}""");
        Assert.Equal("newer", ChatTemplateFile.Read(_folder.Path).Get().Source);

        Write("chat_template.jinja", "newest");
        Write("additional_chat_templates/tool_use.jinja", "tools");
        Assert.Equal(["newest", "tools"], [ChatTemplateFile.Read(_folder.Path).Get().Source, ChatTemplateFile.Read(_folder.Path).Get(tools: true).Source]);
    }

    [Theory]
    [InlineData("""{"chat_template": 3}""", "neither text nor a list")]
    [InlineData("""{"chat_template": [{"name": "x"}]}""", "cannot be read")]
    [InlineData("{", "cannot be read")]
    [InlineData("""{"chat_template": "{% if x %}"}""", "line 1: the template ends where 'endif' is expected")]
    [InlineData("{}", "there is no chat template")]
    public void RefusesInOneLine(string config, string message)
    {
        Write("tokenizer_config.json", config);

        var error = Assert.Throws<UserError>(() => ChatTemplateFile.Read(_folder.Path).Get());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(_folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
