using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Conformance.Training;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Tests;

public sealed class TorchTrainingBackendTests : TrainingBackendTests
{
    protected override ITrainingBackend CreateBackend() => Create();

    internal static TorchTrainingBackend Create() =>
        new(Options.Create(new TorchOptions()), NullLogger<TorchTrainingBackend>.Instance);
}

public sealed class TorchTrainingEvaluationTests : TrainingEvaluationTests
{
    protected override ITrainingBackend CreateBackend() => TorchTrainingBackendTests.Create();
}

public sealed class TorchGoldenTrainingTests : GoldenTrainingTests
{
    protected override ITrainingBackend CreateBackend() => TorchTrainingBackendTests.Create();
}
