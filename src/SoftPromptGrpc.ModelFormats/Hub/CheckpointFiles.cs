using SoftPromptGrpc.Core;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>Which of a repository's files a checkpoint is made of: never pickles, never code.</summary>
internal static class CheckpointFiles
{
    public const string Config = "config.json";

    private static readonly string[] Optional = ["generation_config.json", "tokenizer.json", "tokenizer_config.json"];

    /// <summary>
    /// The small files and either the weights or the index of their shards, whose names are then to be had with
    /// <see cref="Shards"/>.
    /// </summary>
    /// <param name="repository">All of the repository's files.</param>
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.NotFound"/>: it is no checkpoint. <see cref="ErrorKind.Unsupported"/>: only pickled weights.
    /// </exception>
    public static IReadOnlyList<string> Needed(IReadOnlySet<string> repository, string name)
    {
        if (!repository.Contains(Config))
            throw new SoftPromptException(ErrorKind.NotFound, $"'{name}' on the hub has no {Config}: it is no model.");
        string[] forms = [SafetensorsCheckpoint.SingleFile, SafetensorsCheckpoint.IndexFile];
        var weights = forms.FirstOrDefault(repository.Contains);
        if (weights is not null)
            return [Config, .. Optional.Where(repository.Contains), weights];
        throw repository.Any(file => file.EndsWith(".bin", StringComparison.Ordinal))
            ? new SoftPromptException(
                ErrorKind.Unsupported, $"'{name}' on the hub has pickled weights (.bin) only; just safetensors are read.")
            : new SoftPromptException(ErrorKind.NotFound, $"'{name}' on the hub has no {SafetensorsCheckpoint.SingleFile}.");
    }

    /// <summary>The weights that a snapshot's index names; none where the weights are one file.</summary>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Corrupt"/>.</exception>
    public static IReadOnlyList<string> Shards(string snapshot)
    {
        var index = Path.Combine(snapshot, SafetensorsCheckpoint.IndexFile);
        return File.Exists(Path.Combine(snapshot, SafetensorsCheckpoint.SingleFile)) || !File.Exists(index)
            ? []
            : SafetensorsCheckpoint.ShardsOf(index);
    }

    /// <summary>Whether a snapshot has what cannot be done without.</summary>
    public static bool IsComplete(string snapshot)
    {
        var weights = Shards(snapshot) is { Count: > 0 } shards ? shards : [SafetensorsCheckpoint.SingleFile];
        return weights.Append(Config).All(name => File.Exists(Path.Combine(snapshot, name)));
    }
}
