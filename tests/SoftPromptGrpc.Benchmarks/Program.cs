using System.CommandLine;
using SoftPromptGrpc.Benchmarks.Checkpoints;
using SoftPromptGrpc.Benchmarks.Registry;
using SoftPromptGrpc.Benchmarks.Serving;
using SoftPromptGrpc.Benchmarks.Soak;

return await new RootCommand("Whole-process measurements, and what they need.")
{
    ServingCommands.Decode(), ServingCommands.Prefill(), SoakCommand.Create(), RegistryCommand.Create(), MakeCheckpointCommand.Create(),
}.Parse(args).InvokeAsync();
