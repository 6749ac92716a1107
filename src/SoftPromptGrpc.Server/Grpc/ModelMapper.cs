using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Models;
using ModelState = SoftPromptGrpc.Contracts.V1.ModelState;

namespace SoftPromptGrpc.Server.Grpc;

internal static class ModelMapper
{
    public static Model ToMessage(this ListedModel listed)
    {
        var message = new Model
        {
            Id = listed.Status.Id,
            State = listed.Status.State.ToMessage(),
            StateMessage = listed.Status.Message,
            TrainingBackends = { listed.TrainingBackends },
            InferenceBackends = { listed.InferenceBackends },
        };
        if (listed.Status.Model is { } model)
            message.Describe(model);
        return message;
    }

    private static void Describe(this Model message, BaseModel model)
    {
        message.Architecture = model.Spec.ModelType;
        message.Fingerprint = model.Fingerprint;
        message.ParameterCount = model.ParameterCount;
        message.LayerCount = model.Spec.LayerCount;
        message.HiddenSize = model.Spec.EmbeddingSize;
        message.VocabularySize = model.Spec.VocabularySize;
        message.ContextLength = model.Spec.ContextLength;
        message.HasTokenizer = model.Tokenizer is not null;
        message.EndOfSequenceIds.AddRange(model.Generation.EndOfSequence.Select(id => (uint)id));
        message.Methods.AddRange(Enum.GetValues<Core.Prompts.PromptMethod>().Select(method => method.ToMessage()));
        message.Precision = "float32";
        message.MemoryBytes = model.ParameterCount * sizeof(float);
    }

    private static ModelState ToMessage(this Core.Models.ModelState state) => state switch
    {
        Core.Models.ModelState.Loading => ModelState.Loading,
        Core.Models.ModelState.Ready => ModelState.Ready,
        Core.Models.ModelState.Failed => ModelState.Failed,
    };
}
