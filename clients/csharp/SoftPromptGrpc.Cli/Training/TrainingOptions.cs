using System.CommandLine;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;
using Duration = Google.Protobuf.WellKnownTypes.Duration;

namespace SoftPromptGrpc.Cli.Training;

/// <summary>The settings of a run, the data left out. What is not given stays the server's default.</summary>
internal sealed class TrainingOptions
{
    private readonly MethodOptions _method = new();
    private readonly Option<string> _model = new("--model", "-m") { Description = "The base model. Default: the only one." };
    private readonly Option<int?> _virtualTokens = new("--virtual-tokens") { Description = "Length of the prompt. Default 20." };
    private readonly Option<string> _template = new("--template")
    {
        Description = """Text around every input, such as "Review: {input}".""",
    };

    private readonly Option<bool> _noEnd = new("--no-eos") { Description = "Leaves out the end-of-sequence token behind targets." };
    private readonly Option<int?> _steps = new("--steps") { Description = "Optimizer steps." };
    private readonly Option<int?> _epochs = new("--epochs")
    {
        Description = "Passes over the examples. Default: as many as make 300 steps, at least 3.",
    };

    private readonly Option<int?> _batchSize = new("--batch-size") { Description = "Examples per pass. Default 16." };
    private readonly Option<int?> _accumulation = new("--gradient-accumulation") { Description = "Passes per optimizer step. Default 1." };
    private readonly Option<OptimizerKind?> _optimizer = new Option<OptimizerKind?>("--optimizer")
    {
        Description = "Default adamw.",
    }.Words();

    private readonly Option<double?> _learningRate = new("--learning-rate") { Description = "Peak. Default 0.3; 0.01 for encoders and prefixes; 1 for sgd." };
    private readonly Option<double?> _weightDecay = new("--weight-decay") { Description = "Default 0." };
    private readonly Option<double?> _maxGradientNorm = new("--max-gradient-norm") { Description = "0: no clipping. Default 1." };
    private readonly Option<ScheduleKind?> _schedule = new Option<ScheduleKind?>("--schedule") { Description = "Default linear." }.Words();
    private readonly Option<int?> _warmUp = new("--warm-up-steps") { Description = "Default: 6 % of the steps." };
    private readonly Option<long?> _seed = new("--seed") { Description = "Default 0." };
    private readonly Option<bool> _noShuffle = new("--no-shuffle") { Description = "Keeps the order of the examples." };
    private readonly Option<string> _backend = new("--backend") { Description = "The training backend. Default: the server's." };
    private readonly Option<Dictionary<string, string>> _labels = Labels.Option();
    private readonly Option<int?> _checkpointInterval = new("--checkpoint-interval") { Description = "Steps between checkpoints." };
    private readonly Option<TimeSpan?> _maxDuration = new("--max-duration")
    {
        Description = "The job fails when it runs longer, such as 30m.",
        HelpName = "TIME",
        CustomParser = Durations.Parse,
    };

    private readonly Option<int> _priority = new("--priority") { Description = "Higher is trained first, -100 to 100. Default 0." };
    private readonly InitializationOptions _initialization = new();

    public IEnumerable<Option> All =>
    [
        _model, .. _method.All, _virtualTokens, .. _initialization.All, _template, _noEnd, _steps, _epochs, _batchSize, _accumulation, _optimizer,
        _learningRate, _weightDecay, _maxGradientNorm, _schedule, _warmUp, _seed, _noShuffle, _backend, _labels, _checkpointInterval,
        _maxDuration, _priority,
    ];

    public void AddTo(Command command)
    {
        foreach (var option in All)
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_steps) is not null && result.GetValue(_epochs) is not null)
                result.AddError("--steps and --epochs exclude each other.");
        });
        _method.Validate(command);
        _initialization.Validate(command);
    }

    public TrainingSpec ToSpec(Invocation invocation, string prompt)
    {
        var spec = new TrainingSpec
        {
            Prompt = prompt,
            Model = invocation.Get(_model) ?? "",
            Backend = invocation.Get(_backend) ?? "",
            Initialization = _initialization.ToInitialization(invocation),
            Optimizer = ToOptimizer(invocation),
            Schedule = ToSchedule(invocation),
            Priority = invocation.Get(_priority),
        };
        if (invocation.Get(_template) is { } pattern)
            spec.Template = new TextTemplate { Pattern = pattern };
        if (invocation.Get(_noEnd))
            spec.AppendEndOfSequence = false;
        if (invocation.Get(_noShuffle))
            spec.Shuffle = false;
        spec.Labels.Add(invocation.Get(_labels) ?? []);
        _method.AddTo(spec, invocation);
        AddFigures(spec, invocation);
        return spec;
    }

    private void AddFigures(TrainingSpec spec, Invocation invocation)
    {
        invocation.IfGiven(_virtualTokens, value => spec.VirtualTokens = value);
        invocation.IfGiven(_steps, value => spec.Steps = value);
        invocation.IfGiven(_epochs, value => spec.Epochs = value);
        invocation.IfGiven(_batchSize, value => spec.BatchSize = value);
        invocation.IfGiven(_accumulation, value => spec.GradientAccumulationSteps = value);
        invocation.IfGiven(_maxGradientNorm, value => spec.MaxGradientNorm = value);
        invocation.IfGiven(_seed, value => spec.Seed = value);
        invocation.IfGiven(_checkpointInterval, value => spec.CheckpointInterval = value);
        invocation.IfGiven(_maxDuration, value => spec.MaxDuration = Duration.FromTimeSpan(value));
    }

    private Optimizer ToOptimizer(Invocation invocation)
    {
        var optimizer = new Optimizer { Kind = invocation.Get(_optimizer) ?? OptimizerKind.Unspecified };
        invocation.IfGiven(_learningRate, value => optimizer.LearningRate = value);
        invocation.IfGiven(_weightDecay, value => optimizer.WeightDecay = value);
        return optimizer;
    }

    private Schedule ToSchedule(Invocation invocation)
    {
        var schedule = new Schedule { Kind = invocation.Get(_schedule) ?? ScheduleKind.Unspecified };
        invocation.IfGiven(_warmUp, value => schedule.WarmUpSteps = value);
        return schedule;
    }
}
