using System.CommandLine;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Training;

/// <summary>The prompt before the first step: at most one way to begin.</summary>
internal sealed class InitializationOptions
{
    private readonly Option<string> _text = new("--init-text") { Description = "Begins from this text: its embeddings, or its keys and values." };
    private readonly Option<string> _prompt = new("--init-prompt")
    {
        Description = """Begins from a stored prompt, such as "sentiment@2".""",
    };

    private readonly Option<bool> _labels = new("--init-labels") { Description = "Begins from the embeddings of the distinct targets." };
    private readonly Option<bool> _random = new("--init-random")
    {
        Description = "Begins from random numbers. Default: from common tokens.",
    };

    private readonly Option<bool> _zeros = new("--init-zeros") { Description = "Begins a prefix from zeros." };

    public IEnumerable<Option> All => [_text, _prompt, _labels, _random, _zeros];

    public void Validate(Command command) => command.Validators.Add(result =>
    {
        var given = All.Count(option => result.GetResult(option) is { Implicit: false });
        if (given > 1)
            result.AddError("--init-text, --init-prompt, --init-labels, --init-random and --init-zeros exclude each other.");
    });

    public Initialization? ToInitialization(Invocation invocation)
    {
        if (invocation.Get(_text) is { } text)
            return new Initialization { Text = Contents.Text(text) };
        if (invocation.Get(_prompt) is { } prompt)
            return new Initialization { FromPrompt = prompt };
        if (invocation.Get(_labels))
            return new Initialization { ClassLabels = new ClassLabels() };
        if (invocation.Get(_zeros))
            return new Initialization { Zeros = new Zeros() };
        return invocation.Get(_random) ? new Initialization { RandomUniform = new RandomUniform() } : null;
    }
}
