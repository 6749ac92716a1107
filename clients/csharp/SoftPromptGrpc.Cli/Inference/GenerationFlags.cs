using System.CommandLine;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Inference;

/// <summary>How the next token is chosen, when to end, and what to report.</summary>
internal sealed class GenerationFlags
{
    private readonly Option<double?> _temperature = new("--temperature") { Description = "0: greedy. Default 0." };
    private readonly Option<int?> _topK = new("--top-k") { Description = "Only the k most probable tokens. Default: all." };
    private readonly Option<double?> _topP = new("--top-p")
    {
        Description = "Only the most probable tokens that add up to this. Default 1.",
    };

    private readonly Option<double?> _minP = new("--min-p") { Description = "Only tokens this probable relative to the best. Default 0." };
    private readonly Option<double?> _repetition = new("--repetition-penalty") { Description = "Over 1: repeats less. Default 1." };
    private readonly Option<int?> _maxTokens = new("--max-tokens")
    {
        Description = "Most tokens to generate. Default 256, or the room there is.",
    };

    private readonly Option<int?> _minTokens = new("--min-tokens") { Description = "Fewest tokens to generate. Default 0." };
    private readonly Option<long?> _seed = new("--seed") { Description = "Of the random numbers. Default: a random one." };
    private readonly Option<bool> _ignoreEnd = new("--ignore-eos") { Description = "Generates on behind the end-of-sequence token." };
    private readonly Option<int> _priority = new("--priority") { Description = "Higher is served first, -100 to 100. Default 0." };
    private readonly Option<string[]> _stop = new("--stop") { Description = "A text that ends the generation; may be repeated." };

    public Option<bool> LogProbabilities { get; } = new("--logprobs") { Description = "The log-probability of every output token." };

    public Option<int> Alternatives { get; } = new("--alternatives")
    {
        Description = "The most probable alternatives at every output token, up to 20. Implies --logprobs.",
        HelpName = "N",
    };

    public IEnumerable<Option> All =>
    [
        _maxTokens, _minTokens, _temperature, _topK, _topP, _minP, _repetition, _stop, _seed, _ignoreEnd, _priority,
        LogProbabilities, Alternatives,
    ];

    public InferRequest ToRequest(Invocation invocation, TargetOptions target, Content? input)
    {
        var request = new InferRequest
        {
            Model = invocation.Get(target.Model) ?? "",
            Prompt = invocation.Get(target.Prompt) ?? "",
            Backend = invocation.Get(target.Backend) ?? "",
            Input = input,
            Generation = ToOptions(invocation),
            Output = new OutputOptions
            {
                LogProbabilities = invocation.Get(LogProbabilities),
                TopAlternatives = invocation.Get(Alternatives),
            },
            Priority = invocation.Get(_priority),
        };
        if (invocation.Get(target.NoTemplate))
            request.ApplyTemplate = false;
        return request;
    }

    private GenerationOptions ToOptions(Invocation invocation)
    {
        var options = new GenerationOptions { IgnoreEndOfSequence = invocation.Get(_ignoreEnd) };
        invocation.IfGiven(_temperature, value => options.Temperature = value);
        invocation.IfGiven(_topK, value => options.TopK = value);
        invocation.IfGiven(_topP, value => options.TopP = value);
        invocation.IfGiven(_minP, value => options.MinP = value);
        invocation.IfGiven(_repetition, value => options.RepetitionPenalty = value);
        invocation.IfGiven(_maxTokens, value => options.MaxNewTokens = value);
        invocation.IfGiven(_minTokens, value => options.MinNewTokens = value);
        invocation.IfGiven(_seed, value => options.Seed = value);
        options.StopTexts.AddRange(invocation.Get(_stop) ?? []);
        return options;
    }
}
