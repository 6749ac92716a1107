using System.CommandLine;
using SoftPromptGrpc.Client;

namespace SoftPromptGrpc.Cli.Demo;

internal static class DemoCommand
{
    public const string BundledModel = "tiny-english";

    public static Command Create(CommandLine commandLine)
    {
        var server = new Option<FileInfo>("--server")
        {
            Description = "SoftPromptGrpc.Server.dll. Default: the one built with this program.",
        }
            .AcceptExistingOnly();
        var model = new Option<DirectoryInfo>("--model-directory") { Description = "A checkpoint with tasks. Default: the bundled one." }
            .AcceptExistingOnly();
        var task = new Option<string>("--task") { Description = "One of the checkpoint's tasks. Default: the first." };
        var steps = new Option<int?>("--steps") { Description = "Optimizer steps of the training." };
        return new Command("demo", "Starts a server of its own, trains a prompt on a bundled task and shows what it gains.")
        {
            server, model, task, steps,
        }.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var directory = invocation.Get(model) ?? DemoFiles.FindModel(DemoFiles.Program, BundledModel);
            var demo = new DemoRun(invocation, directory.Name, DemoTask.Read(directory, invocation.Get(task)), invocation.Get(steps));
            await using var process = await ServerProcess.StartAsync(
                invocation.Get(server) ?? DemoFiles.FindServer(DemoFiles.Program), directory.Name, directory, cancellationToken);
            try
            {
                return await demo.RunAsync(process.Address, cancellationToken);
            }
            catch (SoftPromptRpcException error) when (error.IsConnectionFailure)
            {
                throw process.Lost();
            }
        });
    }
}
