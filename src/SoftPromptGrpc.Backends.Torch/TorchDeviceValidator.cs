using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>A device that is not here is told when the host starts, not when it is first used.</summary>
internal sealed class TorchDeviceValidator : IValidateOptions<TorchOptions>
{
    public ValidateOptionsResult Validate(string? name, TorchOptions options) =>
        DeviceName.Obstacle(options.Device, number => TorchDevice.HasGpu(options, number)) is { } obstacle
            ? ValidateOptionsResult.Fail($"Torch:Device: {obstacle}")
            : ValidateOptionsResult.Success;
}
