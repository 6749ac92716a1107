using Google.Protobuf;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace SoftPromptGrpc.Cli.Output;

/// <summary>
/// Where a command reads and writes. Text goes out as it is, never wrapped; only a live terminal sees colours and animation.
/// </summary>
/// <param name="pipedInput">Null when input comes from a keyboard.</param>
internal sealed class Terminal(IAnsiConsole output, IAnsiConsole error, TextReader? pipedInput)
{
    private const int UnlimitedWidth = 10_000;

    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));

    public IAnsiConsole Out => output;

    public IAnsiConsole Error => error;

    public TextReader? PipedInput => pipedInput;

    public bool IsLive => output.Profile.Capabilities is { Ansi: true, Interactive: true };

    public static Terminal Open() => new(
        Open(Console.Out, Console.IsOutputRedirected),
        Open(Console.Error, Console.IsErrorRedirected),
        Console.IsInputRedirected ? Console.In : null);

    /// <summary>Text as a script expects it; on a live terminal without the control characters that could take it over.</summary>
    public void Write(string text) => output.Profile.Out.Writer.Write(IsLive ? PlainText.WithoutControls(text) : text);

    public void WriteLine(string text)
    {
        Write(text);
        output.Profile.Out.Writer.WriteLine();
        output.Profile.Out.Writer.Flush();
    }

    public void WriteJson(IMessage message) => WriteLine(Json.Format(message));

    public void Write(IRenderable renderable) => output.Write(renderable);

    public void WriteErrorLine(string text)
    {
        error.Profile.Out.Writer.WriteLine(PlainText.WithoutControls(text));
        error.Profile.Out.Writer.Flush();
    }

    public void WriteError(string message, IReadOnlyList<string> details)
    {
        error.Markup("[red]error:[/] ");
        WriteErrorLine(message);
        foreach (var detail in details)
            WriteErrorLine($"  {detail}");
    }

    public static IAnsiConsole Open(TextWriter writer, bool isRedirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (isRedirected)
            console.Profile.Width = UnlimitedWidth;
        return console;
    }
}
