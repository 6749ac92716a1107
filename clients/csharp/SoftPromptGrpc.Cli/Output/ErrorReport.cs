using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Grpc.Core;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Output;

/// <summary>One sentence, what is wrong in detail, and the exit code.</summary>
internal sealed record ErrorReport(int ExitCode, string Message, IReadOnlyList<string> Details)
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private StatusCode? Status { get; init; }

    private string Reason { get; init; } = "";

    private double? RetryAfterSeconds { get; init; }

    public static ErrorReport Usage(IReadOnlyList<string> errors, Command command)
    {
        var names = command.Parents.OfType<Command>().Select(parent => parent.Name).Where(name => name != "softprompt");
        var path = string.Join(' ', ["softprompt", .. names, .. command is RootCommand ? [] : new[] { command.Name }]);
        return new ErrorReport(Cli.ExitCode.Invalid, $"{string.Join(' ', errors)} See '{path} --help'.", []);
    }

    public static ErrorReport Rpc(SoftPromptRpcException error, Uri address) =>
        new(ToExitCode(error), Sentence(error, address), [.. error.Violations.Select(Describe)])
        {
            Status = error.StatusCode,
            Reason = error.Reason,
            RetryAfterSeconds = error.RetryDelay?.TotalSeconds,
        };

    public static string Describe(FieldViolation violation) => $"{violation.Field}: {violation.Description}";

    public int Write(Terminal terminal, bool json)
    {
        if (json)
            terminal.WriteErrorLine(ToJson());
        else
            terminal.WriteError(Message, Details);
        return ExitCode;
    }

    private string ToJson()
    {
        var status = Status is { } code ? JsonNamingPolicy.SnakeCaseUpper.ConvertName(code.ToString()) : "";
        var error = new { ExitCode, Status = status, Reason, Message, Details, RetryAfterSeconds };
        return JsonSerializer.Serialize(new { error }, JsonOptions);
    }

    private static int ToExitCode(SoftPromptRpcException error) => error.StatusCode switch
    {
        _ when error.IsConnectionFailure => Cli.ExitCode.CannotConnect,
        StatusCode.Unavailable => Cli.ExitCode.CannotConnect,
        StatusCode.InvalidArgument or StatusCode.OutOfRange => Cli.ExitCode.Invalid,
        StatusCode.ResourceExhausted when error.Reason == "QUOTA_EXCEEDED" && error.RetryDelay is null => Cli.ExitCode.Failed,
        StatusCode.ResourceExhausted when error.RetryDelay is null => Cli.ExitCode.Invalid, // A message over the size limit.
        StatusCode.NotFound => Cli.ExitCode.NotFound,
        StatusCode.DeadlineExceeded or StatusCode.ResourceExhausted => Cli.ExitCode.TryLater,
        _ => Cli.ExitCode.Failed,
    };

    private static string Sentence(SoftPromptRpcException error, Uri address)
    {
        if (error.IsConnectionFailure)
            return $"No connection to a server at {address.GetLeftPart(UriPartial.Authority)}. Is it running?";
        if (error.StatusCode == StatusCode.DeadlineExceeded)
            return "The server did not answer within the time limit (--timeout).";
        if (error.Violations.Count > 0 && error.Violations.All(v => error.Message.Contains(Describe(v), StringComparison.Ordinal)))
            return "The server finds the request invalid."; // Its message only joins the details.
        if (error.StatusCode == StatusCode.Unauthenticated)
            return $"{error.Message} See --api-key and --token.";
        var message = error.Message.Length > 0 ? error.Message : $"The server answered {error.StatusCode}.";
        return error.RetryDelay is { } delay ? $"{message} Try again in {Figures.Duration(delay)}." : message;
    }
}
