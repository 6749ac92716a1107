using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Inference;

/// <summary>Answers one input a line, a bounded number of lines at a time. A bad row fails alone, with its line number.</summary>
internal static class BatchInference
{
    private const int RowsPerCall = 128;

    public static async Task<int> RunAsync(
        Invocation invocation, Func<string, InferRequest> request, bool asIds, CancellationToken cancellationToken)
    {
        var input = invocation.Terminal.PipedInput ?? throw new UsageException("--batch takes its inputs from a pipe or a file.");
        var (line, failed) = (0, 0);
        await foreach (var lines in ReadLinesAsync(input, cancellationToken).Chunk(RowsPerCall).WithCancellation(cancellationToken))
        {
            var rows = await invocation.Client.BatchInferAsync(lines.Select(request), cancellationToken);
            foreach (var row in rows)
                failed += Write(invocation, ++line, row, asIds) ? 0 : 1;
        }

        return failed == 0 ? ExitCode.Ok : ExitCode.Failed;
    }

    private static bool Write(Invocation invocation, int line, BatchInferRow row, bool asIds)
    {
        if (invocation.Json)
            invocation.Terminal.WriteJson(row);
        else
            invocation.Terminal.WriteLine(row.Generation is { } answer ? PlainText.OnOneLine(GenerationView.Answer(answer, asIds)) : "");
        if (row.Error is null)
            return true;
        if (!invocation.Json)
            invocation.Terminal.WriteError($"line {line}: {row.Error.Message}", [.. row.Error.Violations.Select(ErrorReport.Describe)]);
        return false;
    }

    private static async IAsyncEnumerable<string> ReadLinesAsync(
        TextReader input, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await input.ReadLineAsync(cancellationToken) is { } line)
            yield return line;
    }
}
