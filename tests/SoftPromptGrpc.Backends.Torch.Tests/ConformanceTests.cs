using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Conformance.Inference;
using SoftPromptGrpc.Conformance.Training;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Training;
using TorchSharp;

[assembly: AssemblyFixture(typeof(SoftPromptGrpc.Backends.Torch.Tests.OneThread))]

namespace SoftPromptGrpc.Backends.Torch.Tests;

/// <summary>Each operation stays on its test's thread: test classes share the cores already.</summary>
public sealed class OneThread
{
    public OneThread() => torch.set_num_threads(1);
}

internal static class Backends
{
    private static IOptions<TorchOptions> Defaults => Options.Create(new TorchOptions());

    public static ITrainingBackend Training() => new TorchTrainingBackend(Defaults, NullLogger<TorchTrainingBackend>.Instance);

    public static IInferenceBackend Inference() => new TorchInferenceBackend(Defaults);
}

public sealed class TorchTrainingBackendTests : TrainingBackendTests
{
    protected override ITrainingBackend CreateBackend() => Backends.Training();
}

public sealed class TorchTrainingEvaluationTests : TrainingEvaluationTests
{
    protected override ITrainingBackend CreateBackend() => Backends.Training();
}

public sealed class TorchTrainingMethodTests : TrainingMethodTests
{
    protected override ITrainingBackend CreateBackend() => Backends.Training();
}

public sealed class TorchGoldenTrainingTests : GoldenTrainingTests
{
    protected override ITrainingBackend CreateBackend() => Backends.Training();
}

public sealed class TorchInferenceGoldenTests : InferenceGoldenTests
{
    protected override IInferenceBackend Backend { get; } = Backends.Inference();
}

public sealed class TorchEncoderDecoderTests : EncoderDecoderInferenceTests
{
    protected override IInferenceBackend Backend { get; } = Backends.Inference();
}

public sealed class TorchEncoderDecoderPeftTests : EncoderDecoderPeftTests
{
    protected override IInferenceBackend Backend { get; } = Backends.Inference();
}

public sealed class TorchInferenceSessionTests : InferenceSessionTests
{
    protected override IInferenceBackend Backend { get; } = Backends.Inference();
}
