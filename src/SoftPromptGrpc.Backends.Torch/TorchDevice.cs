using System.Runtime.InteropServices;
using SoftPromptGrpc.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Where tensors live, and how the library's failures there are told.</summary>
internal static class TorchDevice
{
    private const TaskCreationOptions OwnThread =
        TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach | TaskCreationOptions.RunContinuationsAsynchronously;

    /// <summary>Must be called on the thread that computes.</summary>
    public static Device Open(TorchOptions options)
    {
        if (options.Threads > 0)
            set_num_threads(options.Threads);
        var device = torch.device(options.Device);
        return device.type != DeviceType.CUDA || cuda.is_available()
            ? device
            : throw new SoftPromptException(ErrorKind.Precondition, $"The device '{options.Device}' is not available here.");
    }

    /// <summary>Runs blocking native work on a thread of its own; whoever awaits it continues on another.</summary>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Overloaded"/>: the device's memory is full.</exception>
    public static Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => Run(work), cancellationToken, OwnThread, TaskScheduler.Default);

    private static T Run<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (ExternalException e) when (e.Message.Contains("memory", StringComparison.OrdinalIgnoreCase))
        {
            throw new SoftPromptException(ErrorKind.Overloaded, "The device has too little memory for this model and batch size.", e);
        }
    }
}
