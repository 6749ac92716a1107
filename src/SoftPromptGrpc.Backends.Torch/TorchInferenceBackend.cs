using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>The slow path that others are compared with: it caches nothing and recomputes every sequence at every step.</summary>
public sealed class TorchInferenceBackend(IOptions<TorchOptions> options) : IInferenceBackend
{
    public string Name => "torch";

    public bool Supports(ModelSpec spec) => true;

    public InferenceMemory EstimateMemory(BaseModel model) => new(model.WeightBytes(model.KeepsPrecision), Position: 0, Disk: 0);

    public Task<IInferenceSession> OpenAsync(BaseModel model, CancellationToken cancellationToken) =>
        TorchDevice.RunAsync<IInferenceSession>(() => Open(model), cancellationToken);

    private TorchSession Open(BaseModel model) =>
        new(SequenceModel.Load(model, TorchDevice.Open(options.Value)), options.Value.MaxSequences);
}
