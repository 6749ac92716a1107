using System.Text;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Datasets;

namespace SoftPromptGrpc.Server.Tests.Datasets;

public sealed class ExampleReaderTests
{
    private const int MaxRowBytes = 200;
    private const int MaxRows = 30;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void Jsonl_InPiecesOfAnySize_GivesTheSameExamples(int pieceBytes)
    {
        var (examples, violations) = Read(
            DatasetFormat.Jsonl, "\uFEFF{\"input\":\"é\",\"target\":\"a\"}\r\n\n{\"target\":[1,2],\"input\":\"\",\"more\":{}}", pieceBytes);

        Assert.Empty(violations);
        Assert.Equal(["é|a", "|[1,2]"], examples);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void Csv_InPiecesOfAnySize_GivesTheSameExamples(int pieceBytes)
    {
        var (examples, violations) = Read(
            DatasetFormat.Csv, "\uFEFFid,target,input\r\n1,\"a \"\"b\"\"\",\"two\nlines, a comma\"\r\n2,b,\n", pieceBytes);

        Assert.Empty(violations);
        Assert.Equal(["two\nlines, a comma|a \"b\"", "|b"], examples);
    }

    [Theory]
    [InlineData(DatasetFormat.Jsonl, "{\"input\":\"x\",\"target\":\"\"}", "rows[1].target", "line 1")]
    [InlineData(DatasetFormat.Jsonl, "\n\n{\"input\":\"x\"}", "rows[1].target", "line 3")]
    [InlineData(DatasetFormat.Jsonl, "{\"input\":1,\"target\":\"a\"}", "rows[1].input", "string")]
    [InlineData(DatasetFormat.Jsonl, "{\"input\":[-1],\"target\":\"a\"}", "rows[1].input", "ids")]
    [InlineData(DatasetFormat.Jsonl, "{\"input\":\"\\ud800\",\"target\":\"a\"}", "rows[1].input", "UTF-8")]
    [InlineData(DatasetFormat.Jsonl, "{\"\\ud800put\":\"x\",\"target\":\"a\"}", "rows[1]", "UTF-8")]
    [InlineData(DatasetFormat.Jsonl, "[1]", "rows[1]", "object")]
    [InlineData(DatasetFormat.Jsonl, "{\"input\":\"x\0\",\"target\":\"a\"}", "rows[1]", "no JSON")]
    [InlineData(DatasetFormat.Jsonl, "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}", "rows[1]", "no JSON")]
    [InlineData(DatasetFormat.Jsonl, " \n\n", "content", "no examples")]
    [InlineData(DatasetFormat.Jsonl, "", "content", "no examples")]
    [InlineData(DatasetFormat.Csv, "input,target\n", "content", "no examples")]
    [InlineData(DatasetFormat.Csv, "input,other\n1,2\n3,4\n", "rows[1].target", "no column")]
    [InlineData(DatasetFormat.Csv, "input,target,input\n1,2,3\n", "rows[1].input", "twice")]
    [InlineData(DatasetFormat.Csv, "input,target\na\n", "rows[1]", "1 fields")]
    [InlineData(DatasetFormat.Csv, "input,target\na\"b,c\n\"", "rows[1]", "quote")]
    [InlineData(DatasetFormat.Csv, "input,target\n\"a\"b,c\n", "rows[1]", "behind a closing quote")]
    [InlineData(DatasetFormat.Csv, "input,target\n\"a,b\nc,d\n", "rows[1]", "never closed")]
    public void Read_OneMistake_NamesTheRowAndTheLine(DatasetFormat format, string content, string field, string because)
    {
        var (_, violations) = Read(format, content, 7);

        var violation = Assert.Single(violations);
        Assert.Equal(field, violation.Field);
        Assert.Contains(because, violation.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DatasetFormat.Jsonl)]
    [InlineData(DatasetFormat.Csv)]
    public void Read_BytesThatAreNoText_NamesTheRow(DatasetFormat format)
    {
        byte[] header = format == DatasetFormat.Csv ? [.. "input,target\na,"u8] : [.. "{\"input\":\"a\",\"target\":\""u8];
        byte[] end = format == DatasetFormat.Csv ? [] : [.. "\"}"u8];

        var (_, violations) = Read(format, [.. header, 0xC3, 0x28, .. end], 5);

        Assert.StartsWith("rows[1]", Assert.Single(violations).Field, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_RowThatNeverEnds_StopsAtTheLimit()
    {
        var (examples, violations) = Read(DatasetFormat.Jsonl, Row(1) + "\n" + new string('x', 100_000), 64);

        Assert.Single(examples);
        Assert.Contains($"more than {MaxRowBytes} bytes", Assert.Single(violations).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_QuoteThatIsNeverClosed_StopsAtTheLimit()
    {
        var (_, violations) = Read(DatasetFormat.Csv, "input,target\n\"" + string.Concat(Enumerable.Repeat("a,b\n", 100_000)), 4096);

        Assert.Contains("(line 2)", Assert.Single(violations).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TooManyRows_SaysHowManyThereMayBe()
    {
        var (examples, violations) = Read(DatasetFormat.Jsonl, string.Join('\n', Enumerable.Range(0, MaxRows + 5).Select(Row)), 100);

        Assert.Equal(MaxRows, examples.Count);
        Assert.Contains($"{MaxRows}", Assert.Single(violations).Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EveryRowWrong_TellsTwentyAndTheNumberOfTheRest()
    {
        var (_, violations) = Read(DatasetFormat.Jsonl, string.Concat(Enumerable.Repeat("x\n", 1000)), 50);

        Assert.Equal(21, violations.Count);
        Assert.Contains("980", violations[^1].Description, StringComparison.Ordinal);
    }

    private static string Row(int i) => $$"""{"input":"in {{i}}","target":"t"}""";

    private static (List<string> Examples, IReadOnlyList<Core.FieldViolation> Violations) Read(DatasetFormat format, string content, int pieceBytes) =>
        Read(format, Encoding.UTF8.GetBytes(content), pieceBytes);

    private static (List<string> Examples, IReadOnlyList<Core.FieldViolation> Violations) Read(DatasetFormat format, byte[] content, int pieceBytes)
    {
        var violations = new Violations();
        var reader = new ExampleReader(
            RowParsers.Of(format, "input", "target"), new DatasetRows(format == DatasetFormat.Csv, MaxRowBytes), MaxRows, violations);
        List<string> examples = [.. content.Chunk(pieceBytes).SelectMany(piece => reader.Read(piece)).Concat(reader.End()).Select(Show)];
        return (examples, violations.Any ? Assert.Throws<SoftPromptException>(violations.ThrowIfAny).Violations : []);
    }

    private static string Show(Example example) => $"{Show(example.Input)}|{Show(example.Target)}";

    private static string Show(Content content) =>
        content.KindCase == Content.KindOneofCase.Text ? content.Text : $"[{string.Join(',', content.TokenIds.Ids)}]";
}
