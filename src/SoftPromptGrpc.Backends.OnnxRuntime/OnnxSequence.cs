using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>A sequence and the slot of the cache where it lies now.</summary>
internal sealed class OnnxSequence(OnnxSession session, ServedPrompt? prompt, int capacity)
    : DecoderSequence(session, prompt, capacity), ISlotted
{
    public int Slot { get; set; }

    public override void Dispose() => session.Close(this);
}
