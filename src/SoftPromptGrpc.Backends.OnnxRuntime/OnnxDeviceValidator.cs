using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>A device that is not here is told when the host starts, not when it is first used.</summary>
internal sealed class OnnxDeviceValidator : IValidateOptions<OnnxOptions>
{
    private const string CudaProvider = "CUDAExecutionProvider";

    public ValidateOptionsResult Validate(string? name, OnnxOptions options) =>
        DeviceName.Obstacle(options.Device, _ => OnnxEnvironment.Open().GetAvailableProviders().Contains(CudaProvider)) is { } obstacle
            ? ValidateOptionsResult.Fail($"Onnx:Device: {obstacle}")
            : ValidateOptionsResult.Success;
}
