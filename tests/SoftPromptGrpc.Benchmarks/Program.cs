using System.CommandLine;
using SoftPromptGrpc.Benchmarks.Checkpoints;
using SoftPromptGrpc.Benchmarks.Soak;

return await new RootCommand("Whole-process measurements, and what they need.")
{
    SoakCommand.Create(), MakeCheckpointCommand.Create(),
}.Parse(args).InvokeAsync();
