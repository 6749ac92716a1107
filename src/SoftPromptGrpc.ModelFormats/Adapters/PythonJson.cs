using System.Globalization;
using System.Text;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <param name="Text">JSON already.</param>
internal sealed record RawJson(string Text);

/// <summary>A flat object as Python's json.dumps(indent=2) writes it, ASCII only.</summary>
internal sealed class PythonJson
{
    private readonly StringBuilder _text = new("{");

    public void Add(string key, object? value)
    {
        _text.Append(_text.Length == 1 ? "\n  " : ",\n  ").Append(Quote(key)).Append(": ");
        switch (value)
        {
            case null: _text.Append("null"); break;
            case bool flag: _text.Append(flag ? "true" : "false"); break;
            case string text: _text.Append(Quote(text)); break;
            case RawJson raw: _text.Append(raw.Text); break;
            default: _text.Append(CultureInfo.InvariantCulture, $"{value}"); break;
        }
    }

    public override string ToString() => $"{_text}\n}}";

    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
            Append(quoted, c);
        return quoted.Append('"').ToString();
    }

    private static void Append(StringBuilder text, char c) => _ = c switch
    {
        '"' => text.Append("\\\""),
        '\\' => text.Append("\\\\"),
        '\n' => text.Append("\\n"),
        '\r' => text.Append("\\r"),
        '\t' => text.Append("\\t"),
        '\b' => text.Append("\\b"),
        '\f' => text.Append("\\f"),
        >= ' ' and <= '~' => text.Append(c),
        _ => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
    };
}
