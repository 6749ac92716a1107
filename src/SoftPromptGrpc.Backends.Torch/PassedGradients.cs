using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>
/// Owns the gradients that a backward pass was given last. The pass has its own references to them by the time that it asks for the
/// next ones.
/// </summary>
internal sealed class PassedGradients : IDisposable
{
    private IReadOnlyList<Tensor> _last = [];

    public void Replace(IReadOnlyList<Tensor> gradients)
    {
        Dispose();
        _last = gradients;
    }

    public void Dispose()
    {
        foreach (var gradient in _last)
            gradient.Dispose();
    }
}
