using System.CommandLine;
using SoftPromptGrpc.Benchmarks.Soak;

return await new RootCommand("Whole-process measurements. Each command starts a server of its own with the bundled model.")
{
    SoakCommand.Create(),
}.Parse(args).InvokeAsync();
