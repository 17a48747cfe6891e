using CsCheck;
using Heirloom.Data.Formats;

namespace Heirloom.Tests.Data.Formats;

public sealed class ArffTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Types_quotes_comments_and_missing_values_are_read()
    {
        var table = Open("""
            % a comment
            @RELATION 'made here'
            @attribute "the text" string
            @attribute class {yes, 'not at all'}
            @attribute size	REAL
            @attribute day date "yyyy"

            @DATA
            'it\'s\nso, yes', yes, 1e-3, 1999
            ?, 'not at all', ?, '?'
            """);
        Assert.Equal(["the text", "class", "size", "day"], table.Attributes.Select(a => a.Name));
        Assert.Equal(["string", "nominal", "numeric", "string"], table.Attributes.Select(a => a.Type));
        Assert.Equal([["it's\nso, yes", "yes", "1e-3", "1999"], [null, "not at all", null, "?"]], table.Rows());
    }

    [Theory]
    [InlineData("@data\n", ":1: there is no @attribute")]
    [InlineData("@attribute a real\n", "there is no @data")]
    [InlineData("@attribute a colour\n@data", ":1: the attribute 'a' has the type 'colour'")]
    [InlineData("attribute a real\n@data", ":1: 'attribute a real' is no part")]
    [InlineData("@attribute a real\n@data\n1,2", ":3: the row has 2 values")]
    [InlineData("@attribute a real\n@data\n\nx", ":4: 'x' is no value of the numeric attribute 'a'")]
    [InlineData("@attribute a {cat,dog}\n@data\ncart", "did you mean 'cat'?")]
    [InlineData("@attribute a string\n@data\n'open", ":3: a quotation mark is not closed")]
    [InlineData("@attribute a string\n@data\n'a' b", ":3: a comma should follow")]
    [InlineData("@attribute a real\n@data\n{0 1}", "sparse")]
    public void Mistakes_are_told_with_their_line(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<UserError>(() => Open(text).Rows().ToList()).Message);

    [Fact]
    public void Text_survives_quoting() => Gen.String.Where(s => !s.Contains('\u0085') && !s.Contains('\u2028') && !s.Any(char.IsSurrogate)).Array[1, 4].Sample(texts =>
    {
        var quoted = texts.Select(t => "'" + t.Replace(@"\", @"\\").Replace("'", @"\'").Replace("\n", @"\n").Replace("\r", @"\r") + "'");
        var path = Path.GetTempFileName();
        File.WriteAllText(path, $"{string.Concat(texts.Select((_, i) => $"@attribute a{i} string\n"))}@data\n{string.Join(",", quoted)}\n");
        var row = Assert.Single(Arff.Open(path).Rows());
        File.Delete(path);
        Assert.Equal(texts, row);
    }, iter: 100);

    [Fact]
    public void Anything_is_read_or_refused() => Gen.String[Gen.Char["@datribue string{},'\"\\%?\n 1"], 0, 60].Sample(text =>
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, text.Length % 2 == 0 ? $"@attribute a string\n@attribute b {{x,'1'}}\n@data\n{text}" : text);
            _ = Arff.Open(path).Rows().ToList();
        }
        catch (UserError)
        {
        }
        finally
        {
            File.Delete(path);
        }
    }, iter: 200);

    private Arff Open(string text)
    {
        File.WriteAllText(_path, text);
        return Arff.Open(_path);
    }
}
