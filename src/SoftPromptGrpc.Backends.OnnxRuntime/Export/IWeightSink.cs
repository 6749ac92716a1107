namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>Takes the values of one tensor, in their order, in pieces of any length.</summary>
internal interface IWeightSink
{
    void Write(ReadOnlySpan<float> values);
}
