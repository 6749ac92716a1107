using System.CommandLine;

namespace SoftPromptGrpc.Cli.Inference;

/// <summary>What answers, and how it reads its input.</summary>
internal sealed class TargetOptions
{
    public Option<string> Prompt { get; } = new("--prompt", "-p")
    {
        Description = """The prompt, such as "sentiment" or "sentiment@3". Default: none.""",
    };

    public Option<string> Model { get; } = new("--model", "-m") { Description = "The base model. Default: the prompt's, or the only one." };

    public Option<string> Backend { get; } = new("--backend") { Description = "The inference backend. Default: the server's." };

    public Option<bool> NoTemplate { get; } = new("--no-template") { Description = "Leaves out the prompt's template." };

    public Option<bool> TokenIds { get; } = new("--token-ids")
    {
        Description = """Input, and output, are token ids such as "1 320 7" instead of text.""",
    };

    public IEnumerable<Option> All => [Prompt, Model, Backend, NoTemplate, TokenIds];
}
