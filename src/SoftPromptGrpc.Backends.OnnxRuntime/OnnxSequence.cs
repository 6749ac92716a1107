using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>A sequence and the slot of the cache where it lies now.</summary>
internal sealed class OnnxSequence(OnnxSession session, ServedPrompt? prompt, int capacity) : ISequence, ISlotted
{
    public OnnxSession Session => session;

    public ServedPrompt? Prompt => prompt;

    public int Capacity => capacity;

    public int Slot { get; set; }

    public int Length { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>Whether the prompt is still to be run or laid into the cache.</summary>
    public bool OwesPrompt => prompt is not null && Length == 0;

    public void Dispose() => session.Close(this);
}
