using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Inference;

/// <summary>Writes an answer chunk by chunk, then the details of its tokens.</summary>
internal sealed class GenerationStreamView(Terminal terminal, bool asIds)
{
    private readonly List<TokenDetail> _tokens = [];
    private bool _begun;

    public void Write(StreamInferResponse response)
    {
        if (response.Chunk is { } chunk)
            Write(chunk);
        else
            Finish();
    }

    private void Write(GenerationChunk chunk)
    {
        _tokens.AddRange(chunk.Tokens);
        var text = asIds ? GenerationView.Ids(chunk.TokenIds) : chunk.Text;
        if (asIds && _begun && text.Length > 0)
            text = $" {text}";
        _begun |= text.Length > 0;
        terminal.Write(text);
        terminal.Out.Profile.Out.Writer.Flush();
    }

    private void Finish()
    {
        terminal.WriteLine("");
        if (_tokens.Count > 0)
            GenerationView.WriteTokens(terminal, _tokens);
    }
}
