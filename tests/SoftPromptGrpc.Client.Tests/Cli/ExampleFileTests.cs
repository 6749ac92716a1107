using SoftPromptGrpc.Cli.Examples;

namespace SoftPromptGrpc.Client.Tests.Cli;

public sealed class ExampleFileTests
{
    private static readonly ExampleFields Fields = new("input", "target");

    [Fact]
    public void Jsonl_TextAndTokenIds_AreRead()
    {
        var rows = Jsonl("""{"input":"a\u00e9","target":"b","more":1}""", "", """{"input":[1,2],"target":[4294967295]}""");

        Assert.Equal(("aé", "b"), (rows[0].Example!.Input.Text, rows[0].Example!.Target.Text));
        Assert.Equal([1u, 2u], rows[1].Example!.Input.TokenIds.Ids);
        Assert.Equal([uint.MaxValue], rows[1].Example!.Target.TokenIds.Ids);
        Assert.Equal([1, 3], rows.Select(row => row.Line));
    }

    [Theory]
    [InlineData("""{"input":"a","target":""}""", "the target is empty")]
    [InlineData("""{"input":"a","target":[]}""", "the target is empty")]
    [InlineData("""{"input":1,"target":"b"}""", "\"input\" is neither a string nor an array of token ids")]
    [InlineData("""{"input":[1.5],"target":[-1]}""", "\"input\" is not an array of token ids, \"target\" is not an array of token ids")]
    [InlineData("""{"text":"a"}""", "no field \"input\", no field \"target\"")]
    [InlineData("""{"input":"\ud800","target":"b"}""", "holds half a surrogate pair, which is no text")]
    [InlineData("""{"input":"a","target":"b"} x""", "not JSON (column 28)")]
    [InlineData("null", "not a JSON object")]
    public void Jsonl_MalformedRow_SaysWhatIsWrong(string row, string problem) => Assert.Equal(problem, Assert.Single(Jsonl(row)).Problem);

    [Fact]
    public void Csv_QuotesCommasAndLineBreaks_AreRead()
    {
        var rows = Csv("id,target,input\r\n1,yes,\"a, \"\"b\"\"\r\nc\"\r\n\r\n2,no,\n");

        Assert.Equal(("a, \"b\"\r\nc", "yes", 2), Parts(rows[0]));
        Assert.Equal(("", "no", 5), Parts(rows[1]));
        Assert.Equal(2, rows.Count);
    }

    [Theory]
    [InlineData("input,target\na,b,c", "3 values under 2 columns")]
    [InlineData("input,target\na", "1 values under 2 columns")]
    [InlineData("input,target\na,\"b", "a quoted value has no end")]
    [InlineData("input,target\n\"a\"x,b", "text behind a quoted value")]
    [InlineData("input,target\na\"x,b", "a quote inside a value that is not quoted")]
    [InlineData("input,target\na,", "the target is empty")]
    public void Csv_MalformedRow_SaysWhatIsWrong(string text, string problem)
    {
        var row = Assert.Single(Csv(text));

        Assert.Equal((2, problem), (row.Line, row.Problem));
    }

    [Fact]
    public void Csv_ColumnMissing_NamesTheOthers()
    {
        var error = Assert.Throws<SoftPromptGrpc.Cli.UsageException>(() => Csv("text,label\na,b"));

        Assert.Equal("There is no column \"input\"; the header names text, label.", error.Message);
    }

    [Fact]
    public void Csv_ByteOrderMark_IsNotPartOfTheHeader()
    {
        var file = new FileInfo(Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.csv"));
        try
        {
            File.WriteAllText(file.FullName, "input,target\na,b\n", System.Text.Encoding.UTF8);

            Assert.Equal("a", Assert.Single(ExampleFile.Read(file, Fields).Examples).Input.Text);
        }
        finally
        {
            file.Delete();
        }
    }

    private static List<ExampleRow> Jsonl(params string[] lines) =>
        [.. JsonlExamples.Read(new StringReader(string.Join('\n', lines)), Fields)];

    private static List<ExampleRow> Csv(string text) => [.. CsvExamples.Read(new StringReader(text), Fields)];

    private static (string Input, string Target, int Line) Parts(ExampleRow row) =>
        (row.Example!.Input.Text, row.Example.Target.Text, row.Line);
}
