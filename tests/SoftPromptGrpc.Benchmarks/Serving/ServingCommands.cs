using System.CommandLine;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Benchmarks.Serving;

/// <summary>Tokens a second of the inference session, beside llama.cpp: GPT-2's shape with random weights.</summary>
internal static class ServingCommands
{
    private static readonly ServingWorkload[] DecodeWorkloads =
    [
        new("decode, 1 sequence", 1, engine => Workload.Decode(engine, 1), 1.05, 1.4),
        new("decode, 16 sequences", 16, engine => Workload.Decode(engine, 16), 2.5, 1.9),
    ];

    private static readonly ServingWorkload[] PrefillWorkloads =
    [
        new("prefill, 256 tokens", 256, engine => Workload.Prefill(engine, 1, 256), 2.2, 1.7),
    ];

    public static Command Decode() => Create("decode", "Continues sequences of about 128 tokens, one alone and 16 side by side.", DecodeWorkloads);

    public static Command Prefill() => Create("prefill", "Begins a sequence with 256 tokens.", PrefillWorkloads);

    private static Command Create(string name, string description, ServingWorkload[] workloads)
    {
        var llama = new Option<DirectoryInfo?>("--llama")
        {
            Description = "llama.cpp's libraries: bins/linux-x64 of the npm package @node-llama-cpp/linux-x64. Without them nothing is compared.",
        };
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var repeats = new Option<int>("--repeats") { DefaultValueFactory = _ => 5 };
        var precisions = new Option<ServingPrecision[]>("--precision") { DefaultValueFactory = _ => Enum.GetValues<ServingPrecision>() };
        var command = new Command(name, description) { llama, precisions, threads, repeats };
        command.SetAction((arguments, cancellationToken) =>
            new ServingRun(
                arguments.GetValue(llama)?.FullName, arguments.GetRequiredValue(precisions), arguments.GetRequiredValue(threads),
                arguments.GetRequiredValue(repeats)).RunAsync(workloads, cancellationToken));
        return command;
    }
}
