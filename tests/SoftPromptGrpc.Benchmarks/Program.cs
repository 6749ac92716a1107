using System.CommandLine;
using SoftPromptGrpc.Benchmarks.Checkpoints;
using SoftPromptGrpc.Benchmarks.Load;
using SoftPromptGrpc.Benchmarks.Quality;
using SoftPromptGrpc.Benchmarks.Registry;
using SoftPromptGrpc.Benchmarks.Remote;
using SoftPromptGrpc.Benchmarks.Serving;
using SoftPromptGrpc.Benchmarks.Soak;
using SoftPromptGrpc.Benchmarks.TrainingSteps;

return await new RootCommand("Whole-process measurements, and what they need.")
{
    TrainCommand.Create(), ServingCommands.Decode(), ServingCommands.Prefill(), PromptCommands.Prefix(), PromptCommands.Mixed(),
    QualityCommand.Create(), GrpcCommand.Create(), RegistryCommand.Create(),
    LoadCommand.Create(), SoakCommand.Create(), MakeCheckpointCommand.Create(),
}.Parse(args).InvokeAsync();
