using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>Where a request's prompt and input go.</summary>
/// <param name="Tokens">What the sequence begins with behind the prompt; may be empty with a <see cref="SoftPrompt"/>.</param>
/// <param name="EncoderInput">What an encoder reads behind a <see cref="SoftPrompt"/>; null where there is no encoder.</param>
/// <param name="SharedTokens">How many of the first tokens other requests are likely to have behind the same prompt.</param>
internal sealed record SequenceStart(ServedPrompt? Prompt, int[] Tokens, int[]? EncoderInput = null, int SharedTokens = 0)
{
    /// <summary>A decoder's sequence goes on from the input; an encoder-decoder's begins anew.</summary>
    /// <param name="sharedTokens">Of the input.</param>
    public static SequenceStart Of(ModelSpec spec, ServedPrompt? prompt, int[] input, int sharedTokens) =>
        spec is EncoderDecoderSpec encoderDecoder
            ? new(prompt, [encoderDecoder.DecoderStart], input)
            : new(prompt, input, SharedTokens: sharedTokens);

    /// <summary>Tokens of the request's input.</summary>
    public int InputTokens => (EncoderInput ?? Tokens).Length;

    /// <summary>Positions of the sequence that the prompt takes.</summary>
    public int PromptPositions => EncoderInput is not null && Prompt is SoftPrompt ? 0 : Prompt?.VirtualTokens ?? 0;

    /// <summary>Positions that the first step runs beside its tokens. A prefix is copied, not run.</summary>
    public int Cost => (Prompt is SoftPrompt rows ? rows.VirtualTokens : 0) + (EncoderInput?.Length ?? 0);

    /// <summary>Positions left for the output; 0 or less where not even prompt and input fit.</summary>
    public int RoomIn(ModelSpec spec) => EncoderInput is null
        ? spec.RoomBehind(PromptPositions + Tokens.Length)
        : spec.RoomBehind(Cost) - PromptPositions;
}
