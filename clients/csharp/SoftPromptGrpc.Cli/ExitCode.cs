namespace SoftPromptGrpc.Cli;

/// <summary>What scripts can rely on.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Invalid = 2;
    public const int CannotConnect = 3;
    public const int NotFound = 4;
    public const int TryLater = 5;
    public const int Interrupted = 130;

    public const string Help =
        """
        Exit codes:
          0    done
          1    the operation failed: a failed or cancelled job, a failed row, a refusal by the server
          2    invalid input: a usage error, a malformed file, a request that the server finds invalid
          3    no connection to the server
          4    no such prompt, model or job
          5    try again later: the server is busy, or the time limit passed
          130  interrupted (Ctrl+C)
        """;
}
