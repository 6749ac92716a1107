using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>A sequence and the blocks of its positions so far.</summary>
internal sealed class PagedSequence(PagedSession session, ServedPrompt? prompt, int capacity) : DecoderSequence(session, prompt, capacity)
{
    public List<KvBlock> Blocks { get; set; } = [];

    public override void Dispose() => session.Close(this);
}
