using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Npgsql;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>Bound from the "Storage" section and checked when the host starts.</summary>
public sealed class StorageOptions
{
    public const string Section = "Storage";
    public const string Sqlite = "sqlite";
    public const string Postgres = "postgres";

    /// <summary>"sqlite": a file in the data directory. "postgres": a database that several servers may share.</summary>
    [RegularExpression($"^({Sqlite}|{Postgres})$")]
    public string Provider { get; set; } = Sqlite;

    /// <summary>Of PostgreSQL, such as "Host=db;Database=softprompt;Username=softprompt;Password=secret". Never logged.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>How soon servers that share a database see what another one did.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether other servers may use the same store.</summary>
    public bool IsShared => Provider == Postgres;

    /// <summary>Null: there is nothing wrong.</summary>
    internal string? Misfit
    {
        get
        {
            if (!IsShared)
                return ConnectionString.Length > 0 ? $"is only for the provider \"{Postgres}\"" : null;
            try
            {
                return string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(ConnectionString).Host) ? "must name a Host" : null;
            }
            catch (Exception error) when (error is ArgumentException or FormatException)
            {
                return "is not one of PostgreSQL"; // The error would quote it, password and all.
            }
        }
    }
}

[OptionsValidator]
internal sealed partial class StorageOptionsValidator : IValidateOptions<StorageOptions>;

internal sealed class ConnectionStringValidator : IValidateOptions<StorageOptions>
{
    public ValidateOptionsResult Validate(string? name, StorageOptions options) => options.Misfit is { } misfit
        ? ValidateOptionsResult.Fail($"{StorageOptions.Section}:{nameof(StorageOptions.ConnectionString)} {misfit}.")
        : ValidateOptionsResult.Success;
}
