using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>An input and the output behind it so far.</summary>
internal sealed class EncoderDecoderSequence(
    EncoderDecoderSession session, ServedPrompt? prompt, ReadOnlyMemory<int> input, int capacity) : ISequence, ISlotted
{
    public EncoderDecoderSession Session => session;

    /// <summary>Rows in front of the encoder's input.</summary>
    public SoftPrompt? Rows => prompt as SoftPrompt;

    /// <summary>What the decoder's own keys and values begin with.</summary>
    public KeyValuePrefix? Prefix => prompt as KeyValuePrefix;

    public ServedPrompt? Prompt => prompt;

    public bool HasPrompt => prompt is not null;

    public ReadOnlyMemory<int> Input => input;

    public int Capacity => capacity;

    /// <summary>Positions that the encoder reads.</summary>
    public int InputPositions => (Rows?.VirtualTokens ?? 0) + input.Length;

    /// <summary>Whether the caches hold the encoded input and the prefix.</summary>
    public bool HasBegun { get; set; }

    public int Slot { get; set; }

    public int Length { get; set; }

    public bool IsClosed { get; set; }

    public void Rewind(int length)
    {
        Requests.CheckRewind(length, Length, IsClosed);
        Length = length;
    }

    public void Dispose() => session.Close(this);
}
