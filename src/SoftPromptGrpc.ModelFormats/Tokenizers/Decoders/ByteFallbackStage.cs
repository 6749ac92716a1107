using System.Text;
using System.Text.Unicode;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

/// <summary>
/// Turns runs of tokens such as &lt;0xE2&gt; into text. One invalid byte makes every byte of its run U+FFFD, so a run is held back until
/// a token of another kind ends it.
/// </summary>
internal sealed class ByteFallbackStage(DecoderStage next) : TokenStage
{
    private readonly List<byte> _run = [];

    public override void Finish()
    {
        EndRun();
        next.Finish();
    }

    protected override void Append(string token)
    {
        if (ByteOf(token) is { } value)
        {
            _run.Add(value);
            return;
        }
        EndRun();
        next.Append(token, endsToken: true);
    }

    private static byte? ByteOf(string token) => token is ['<', '0', 'x', var high, var low, '>']
        && char.IsAsciiHexDigit(high) && char.IsAsciiHexDigit(low)
        ? Convert.FromHexString([high, low])[0]
        : null;

    private void EndRun()
    {
        if (_run.Count == 0)
            return;
        byte[] bytes = [.. _run];
        _run.Clear();
        if (Utf8.IsValid(bytes))
        {
            next.Append(Encoding.UTF8.GetString(bytes), endsToken: true);
            return;
        }
        foreach (var _ in bytes)
            next.Append("\uFFFD", endsToken: true);
    }
}
