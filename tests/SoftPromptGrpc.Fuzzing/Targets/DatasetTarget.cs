using System.Text;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server;
using SoftPromptGrpc.Server.Datasets;

namespace SoftPromptGrpc.Fuzzing.Targets;

/// <summary>The rows of an upload. The first byte says which format it is, the second in what pieces it comes.</summary>
internal sealed class DatasetTarget : IFuzzTarget
{
    private const int MaxRowBytes = 4096;
    private const int MaxRows = 1000;

    public string Name => "dataset";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        [0, 5, .. "{\"input\":\"a é\",\"target\":[1,2]}\r\n\n{\"target\":\"\\u00e9\",\"input\":\"\",\"x\":{}}"u8],
        [1, 7, .. "\uFEFFtarget,id,input\r\n\"a \"\"b\"\"\",1,\"two\nlines, é\"\r\n,,\n"u8],
    ];

    public IReadOnlyList<byte[]> Tokens { get; } =
        [.. new[] { "\"", "\"\"", ",", "\n", "\r\n", "input", "\\ud800", "\\u0000", "[4294967296]", "null", "{", "}", "\uFEFF" }.Select(Encoding.UTF8.GetBytes)];

    public bool Read(byte[] bytes)
    {
        var format = bytes is [1, ..] ? DatasetFormat.Csv : DatasetFormat.Jsonl;
        var pieceBytes = bytes.Length > 1 ? bytes[1] + 1 : 1;
        var violations = new Violations();
        var reader = new ExampleReader(
            RowParsers.Of(format, "input", "target"), new DatasetRows(format == DatasetFormat.Csv, MaxRowBytes), MaxRows, violations);
        using var summary = new DatasetSummary();
        return Refusal.OrSuccess(bytes.Length, () =>
        {
            foreach (var example in bytes.Skip(2).Chunk(pieceBytes).SelectMany(piece => reader.Read(piece)).Concat(reader.End()))
                summary.Add(example, null, isEvaluation: false);
            summary.ToReport(warnsOfNoEvaluation: true);
            if (violations.Any)
                throw new SoftPromptException(ErrorKind.Invalid, "Rows are wrong.");
        });
    }
}
