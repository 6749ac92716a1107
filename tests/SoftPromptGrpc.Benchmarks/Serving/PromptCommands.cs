using System.CommandLine;
using SoftPromptGrpc.Backends.OnnxRuntime;

namespace SoftPromptGrpc.Benchmarks.Serving;

/// <summary>What soft prompts of 100 virtual tokens cost in the inference session: GPT-2's shape with random weights.</summary>
internal static class PromptCommands
{
    private const double MostOfNone = 1.03;
    private const double LeastOfOne = 0.97;

    public static Command Prefix() => Create(
        "prefix", "Requests behind a prompt that is remembered, beside requests with none.",
        new("1 request", 1, BaselinePrompts: 0, Prompts: 1, 1 / MostOfNone),
        new("16 requests", 16, BaselinePrompts: 0, Prompts: 1, 1 / MostOfNone));

    public static Command Mixed() => Create(
        "mixed", "16 requests with 16 prompts, beside 16 with one.", new PromptWorkload("16 requests", 16, BaselinePrompts: 1, Prompts: 16, LeastOfOne));

    private static Command Create(string name, string description, params PromptWorkload[] workloads)
    {
        var threads = new Option<int>("--threads") { DefaultValueFactory = _ => Environment.ProcessorCount };
        var repeats = new Option<int>("--repeats") { DefaultValueFactory = _ => 5 };
        var engine = new Option<Engine>("--engine");
        var cache = new Option<CacheType>("--cache-type");
        var command = new Command(name, description) { threads, repeats, engine, cache };
        command.SetAction((arguments, cancellationToken) => new PromptRun(
            arguments.GetRequiredValue(threads), arguments.GetRequiredValue(repeats), arguments.GetValue(engine), arguments.GetValue(cache))
            .RunAsync(workloads, cancellationToken));
        return command;
    }
}

/// <param name="Prompts">How many different ones the requests have; 0: no request has one.</param>
/// <param name="LeastRatio">Of the throughput with <paramref name="BaselinePrompts"/>.</param>
internal sealed record PromptWorkload(string Name, int Requests, int BaselinePrompts, int Prompts, double LeastRatio);
