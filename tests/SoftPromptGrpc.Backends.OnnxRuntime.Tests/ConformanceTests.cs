using SoftPromptGrpc.Conformance.Inference;
using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests;

public sealed class PagedGoldenTests(Sessions sessions) : InferenceGoldenTests, IClassFixture<Sessions>
{
    protected override IInferenceBackend Backend { get; } = sessions.Backend();
}

public sealed class StandardGoldenTests(StandardSessions sessions) : InferenceGoldenTests, IClassFixture<StandardSessions>
{
    protected override IInferenceBackend Backend { get; } = sessions.Backend();
}

public sealed class OnnxRuntimeOperatorsGoldenTests(Sessions sessions) : InferenceGoldenTests, IClassFixture<Sessions>
{
    protected override IInferenceBackend Backend { get; } = sessions.Backend(o => o.OwnOperators = false);
}

public sealed class OnnxEncoderDecoderTests(Sessions sessions) : EncoderDecoderInferenceTests, IClassFixture<Sessions>
{
    protected override IInferenceBackend Backend { get; } = sessions.Backend();
}

public sealed class OnnxEncoderDecoderPeftTests(Sessions sessions) : EncoderDecoderPeftTests, IClassFixture<Sessions>
{
    protected override IInferenceBackend Backend { get; } = sessions.Backend();
}

public sealed class PagedSessionConformanceTests(Sessions sessions) : InferenceSessionTests, IClassFixture<Sessions>
{
    protected override IInferenceBackend Backend { get; } = sessions.Backend();
}

public sealed class StandardSessionConformanceTests(StandardSessions sessions) : InferenceSessionTests, IClassFixture<StandardSessions>
{
    protected override IInferenceBackend Backend { get; } = sessions.Backend();
}
