namespace Heirloom.Tests.Cli;

public class TokenizerVerbTests
{
    private const string Vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\ns\n##s\n.\n";

    [Fact]
    public void EncodesLinesAndDecodesThem()
    {
        using var terminal = new Terminal();
        var path = terminal.Write("t/vocab.txt", Vocabulary);
        var text = terminal.Write("text.txt", "the cats.\n\nthe\u2028the\r\nthe");
        var (code, said, _) = terminal.Run("tokenizer", "encode", path, "--file", text, "--json");
        Assert.Equal(0, code);
        Assert.Equal("[2,5,6,8,9,3]\n[2,3]\n[2,5,5,3]\n[2,5,3]\n", said.ReplaceLineEndings("\n"));
        Assert.StartsWith("5 6 8 9", terminal.Run("tokenizer", "encode", Path.GetDirectoryName(path)!, "--file", text, "--no-special-tokens").Out, StringComparison.Ordinal);
        var ids = terminal.Write("ids.txt", said);
        Assert.StartsWith("[CLS] the cats. [SEP]", terminal.Run("tokenizer", "decode", path, "--file", ids).Out, StringComparison.Ordinal);
        Assert.StartsWith("\"the cats.\"", terminal.Run("tokenizer", "decode", path, "--file", ids, "--skip-special-tokens", "--json").Out, StringComparison.Ordinal);
        Assert.Contains("WordPiece", terminal.Run("tokenizer", "show", path).Out, StringComparison.Ordinal);
    }

    [Fact]
    public void MistakesAreOneLine()
    {
        using var terminal = new Terminal();
        var path = terminal.Write("t/vocab.txt", Vocabulary);
        var ids = terminal.Write("ids.txt", "[1,2]\n[1,99]\n");
        var (code, _, error) = terminal.Run("tokenizer", "decode", path, "--file", ids);
        Assert.Equal(2, code);
        Assert.Contains("ids.txt:2: '99' is no id of a vocabulary of 10", error, StringComparison.Ordinal);
        Assert.Equal(2, terminal.Run("tokenizer", "encode", path, "--file", terminal.Folder).Code);
        Assert.Equal(2, terminal.Run("tokenizer", "encode", terminal.Folder, "--file", ids).Code);
    }
}
