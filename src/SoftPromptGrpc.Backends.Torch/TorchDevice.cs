using System.Runtime.InteropServices;
using SoftPromptGrpc.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Where tensors live, and how the library's failures there are told.</summary>
internal static partial class TorchDevice
{
    private const TaskCreationOptions OwnThread =
        TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach | TaskCreationOptions.RunContinuationsAsynchronously;

    /// <summary>Must be called on the thread that computes.</summary>
    public static Device Open(TorchOptions options)
    {
        SetWaitPolicy(options.WaitPolicy);
        if (options.Threads > 0)
            set_num_threads(options.Threads);
        return torch.device(options.Device);
    }

    public static bool HasGpu(TorchOptions options, int number)
    {
        SetWaitPolicy(options.WaitPolicy);
        return cuda.is_available() && number < cuda.device_count();
    }

    /// <summary>Runs blocking native work on a thread of its own; whoever awaits it continues on another.</summary>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Overloaded"/>: the device's memory is full.</exception>
    public static Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => Run(work), cancellationToken, OwnThread, TaskScheduler.Default);

    /// <summary>For the calling thread, and for those of libtorch that it starts from now on.</summary>
    public static void StandBack(int niceness)
    {
        if (niceness > 0 && OperatingSystem.IsLinux())
            _ = SetPriority(which: 0, who: 0, niceness);
    }

    /// <summary>OpenMP reads the variable when libtorch is loaded, so .NET's own environment would come too late. A set value stays.</summary>
    private static void SetWaitPolicy(string policy)
    {
        if (OperatingSystem.IsLinux())
            _ = SetEnvironmentVariable("OMP_WAIT_POLICY", policy.ToUpperInvariant(), overwrite: 0);
    }

    /// <summary>Linux's own: 0 and 0 are the calling thread.</summary>
    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironmentVariable(string name, string value, int overwrite);

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
