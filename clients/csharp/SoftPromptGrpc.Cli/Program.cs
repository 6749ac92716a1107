using SoftPromptGrpc.Cli;
using SoftPromptGrpc.Cli.Output;

using var interrupt = new Interrupt();
return await new CommandLine(Terminal.Open(), Environment.GetEnvironmentVariable).RunAsync(args, interrupt.Token);
