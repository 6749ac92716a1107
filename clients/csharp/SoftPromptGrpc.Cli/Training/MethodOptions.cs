using System.CommandLine;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Training;

/// <summary>What is trained, and the settings of that method.</summary>
internal sealed class MethodOptions
{
    private readonly Option<PromptMethod?> _method = new Option<PromptMethod?>("--method")
    {
        Description = "Default prompt_tuning.",
    }.Words();

    private readonly Option<PromptEncoder?> _encoder = new Option<PromptEncoder?>("--encoder")
    {
        Description = "Of p_tuning. Default mlp.",
    }.Words();

    private readonly Option<int?> _encoderSize = new("--encoder-size")
    {
        Description = "Width of p_tuning's encoder or of prefix_tuning's projection. Default: the hidden size.",
    };

    private readonly Option<int?> _encoderLayers = new("--encoder-layers") { Description = "Of p_tuning's LSTM. Default 2." };
    private readonly Option<bool> _projection = new("--projection") { Description = "Lets a learned projection make prefix_tuning's prefix." };
    private readonly Option<int?> _tasks = new("--tasks") { Description = "Tasks that share a multitask_prompt_tuning prompt. Default 1." };
    private readonly Option<int?> _task = new("--task") { Description = "Which of them the examples belong to, from 0. Default 0." };
    private readonly Option<int?> _rank = new("--rank") { Description = "Rank of a task's matrix. Default 1." };
    private readonly Option<int?> _frozen = new("--frozen-tokens") { Description = "Leading tokens that a cartridge keeps. Default 1." };
    private readonly Option<string> _stayNear = new("--stay-near") { Description = "A text that prompt_tuning is to stay close to." };
    private readonly Option<double?> _gamma = new("--gamma") { Description = "Weight of the distance to it. Default 0.01." };

    public IEnumerable<Option> All =>
        [_method, _encoder, _encoderSize, _encoderLayers, _projection, _tasks, _task, _rank, _frozen, _stayNear, _gamma];

    public void Validate(Command command) => command.Validators.Add(result =>
    {
        bool IsGiven(Option option) => result.GetResult(option) is { Implicit: false };
        // The words themselves: a value that does not parse is reported by its option.
        var method = result.GetResult(_method)?.Tokens is [var word, ..] ? word.Value : Names.Of(PromptMethod.PromptTuning);
        foreach (var option in All.Where(option => IsGiven(option) && !Takes(method, option)))
            result.AddError($"{option.Name} does not belong to {method}.");
        if (IsGiven(_gamma) && !IsGiven(_stayNear))
            result.AddError("--gamma needs --stay-near.");
    });

    public void AddTo(TrainingSpec spec, Invocation invocation)
    {
        spec.Method = invocation.Get(_method) ?? PromptMethod.Unspecified;
        switch (spec.Method)
        {
            case PromptMethod.PTuning:
                spec.PTuning = new() { Encoder = invocation.Get(_encoder) ?? PromptEncoder.Unspecified };
                invocation.IfGiven(_encoderSize, value => spec.PTuning.EncoderHiddenSize = value);
                invocation.IfGiven(_encoderLayers, value => spec.PTuning.EncoderLayers = value);
                break;
            case PromptMethod.PrefixTuning:
                spec.PrefixTuning = new() { Projection = invocation.Get(_projection) };
                invocation.IfGiven(_encoderSize, value => spec.PrefixTuning.EncoderHiddenSize = value);
                break;
            case PromptMethod.MultitaskPromptTuning:
                spec.Multitask = new() { TaskCount = invocation.Get(_tasks) ?? 1, Task = invocation.Get(_task) ?? 0 };
                invocation.IfGiven(_rank, value => spec.Multitask.Rank = value);
                break;
            case PromptMethod.Cartridge:
                spec.Cartridge = new();
                invocation.IfGiven(_frozen, value => spec.Cartridge.FrozenTokens = value);
                break;
            default:
                if (invocation.Get(_stayNear) is { } text)
                    spec.Waywardness = new() { Text = Contents.Text(text), Gamma = invocation.Get(_gamma) ?? 0.01 };
                break;
        }
    }

    private bool Takes(string method, Option option)
    {
        Option[] own = method switch
        {
            "p_tuning" => [_encoder, _encoderSize, _encoderLayers],
            "prefix_tuning" => [_projection, _encoderSize],
            "multitask_prompt_tuning" => [_tasks, _task, _rank],
            "cartridge" => [_frozen],
            _ => [_stayNear, _gamma],
        };
        return option == _method || own.Contains(option);
    }
}
