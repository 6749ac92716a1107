using System.CommandLine;
using SoftPromptGrpc.Cli.Examples;
using SoftPromptGrpc.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Training;

/// <summary>The examples to train and to evaluate on.</summary>
internal sealed class DataOptions
{
    private readonly Option<FileInfo> _data = new Option<FileInfo>("--data", "-d")
    {
        Description = "The examples: a .jsonl file (strings or arrays of token ids) or a .csv file.",
    }.AcceptExistingOnly();

    private readonly Option<string> _dataset = new("--dataset") { Description = "The id of an uploaded dataset, in place of --data." };
    private readonly Option<string> _evaluationDataset = new("--eval-dataset") { Description = "The id of one to evaluate on." };

    private readonly Option<string> _inputField = new("--input-field")
    {
        Description = "Property or column that holds the input.",
        DefaultValueFactory = _ => "input",
    };

    private readonly Option<string> _targetField = new("--target-field")
    {
        Description = "Property or column that holds the target.",
        DefaultValueFactory = _ => "target",
    };

    private readonly Option<FileInfo> _evaluationData = new Option<FileInfo>("--eval-data")
    {
        Description = "Examples to evaluate on. Default: a part of the data.",
    }.AcceptExistingOnly();

    private readonly Option<double?> _split = new("--eval-split")
    {
        Description = "Share of the data to evaluate on, 0 to 0.5. Default 0.1.",
    };

    private readonly Option<int?> _interval = new("--eval-interval")
    {
        Description = "Steps between evaluations. Default: a tenth of all.",
    };

    private readonly Option<int?> _patience = new("--patience") { Description = "Stops after this many evaluations without a better one." };
    private readonly Option<string> _textPrompt = new("--text-prompt") { Description = "A plain text prompt to compare with." };

    public IEnumerable<Option> All => [_data, _dataset, _evaluationDataset, _inputField, _targetField, _evaluationData, _split, _interval, _patience, _textPrompt];

    public void AddTo(TrainingSpec spec, Invocation invocation)
    {
        var fields = new ExampleFields(invocation.Get(_inputField)!, invocation.Get(_targetField)!);
        switch (invocation.Get(_data), invocation.Get(_dataset))
        {
            case ({ } examples, null):
                spec.Examples = ExampleFile.Read(examples, fields);
                break;
            case (null, { } dataset):
                spec.Dataset = dataset;
                break;
            default:
                throw new UsageException("Give either --data or --dataset.");
        }
        var evaluation = new EvaluationOptions { Dataset = invocation.Get(_evaluationDataset) ?? "" };
        if (invocation.Get(_evaluationData) is { } file)
            evaluation.Examples = ExampleFile.Read(file, fields);
        if (invocation.Get(_textPrompt) is { } textPrompt)
            evaluation.TextPrompt = Contents.Text(textPrompt);
        invocation.IfGiven(_split, value => evaluation.SplitRatio = value);
        invocation.IfGiven(_interval, value => evaluation.Interval = value);
        invocation.IfGiven(_patience, value => evaluation.EarlyStoppingPatience = value);
        spec.Evaluation = evaluation;
    }
}
