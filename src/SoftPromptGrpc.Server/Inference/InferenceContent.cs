namespace SoftPromptGrpc.Server.Inference;

/// <summary>Text or token ids, as a caller sent them: nothing is checked yet.</summary>
internal abstract record InferenceContent
{
    public abstract bool IsEmpty { get; }
}

internal sealed record TextContent(string Text) : InferenceContent
{
    public override bool IsEmpty => Text.Length == 0;
}

internal sealed record TokenContent(IReadOnlyList<uint> Ids) : InferenceContent
{
    public override bool IsEmpty => Ids.Count == 0;
}
