using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>A sequence of one of a decoder's sessions.</summary>
internal abstract class DecoderSequence(IInferenceSession session, ServedPrompt? prompt, int capacity) : ISequence
{
    public IInferenceSession Session => session;

    public ServedPrompt? Prompt => prompt;

    public int Capacity => capacity;

    public int Length { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>Whether the prompt is still to be run or laid into the cache.</summary>
    public bool OwesPrompt => prompt is not null && Length == 0;

    public virtual void Rewind(int length)
    {
        Requests.CheckRewind(length, Length, IsClosed);
        Length = length;
    }

    public abstract void Dispose();
}
