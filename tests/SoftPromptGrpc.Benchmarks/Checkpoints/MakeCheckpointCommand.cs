using System.CommandLine;

namespace SoftPromptGrpc.Benchmarks.Checkpoints;

/// <summary>A checkpoint of any size, for measurements of memory and time.</summary>
internal static class MakeCheckpointCommand
{
    public static Command Create()
    {
        var directory = new Argument<DirectoryInfo>("DIR") { Description = "Where to write it." };
        var layers = new Option<int>("--layers") { DefaultValueFactory = _ => 22, Description = "22 are TinyLlama's 1.1 billion parameters." };
        var seed = new Option<int>("--seed") { DefaultValueFactory = _ => 1 };
        var command = new Command("make-checkpoint", "Writes a Llama in bfloat16 with random weights in TinyLlama 1.1B's shape.")
        {
            directory, layers, seed,
        };
        command.SetAction(arguments => RandomCheckpoint.Write(
            arguments.GetRequiredValue(directory).FullName, new LlamaShape(Layers: arguments.GetValue(layers)), arguments.GetValue(seed)));
        return command;
    }
}
