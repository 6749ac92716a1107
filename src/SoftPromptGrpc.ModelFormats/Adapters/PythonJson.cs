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
        _text.Append(_text.Length == 1 ? "\n  " : ",\n  ");
        AppendString(key);
        _text.Append(": ");
        switch (value)
        {
            case null: _text.Append("null"); break;
            case bool flag: _text.Append(flag ? "true" : "false"); break;
            case string text: AppendString(text); break;
            case RawJson raw: _text.Append(raw.Text); break;
            default: _text.Append(CultureInfo.InvariantCulture, $"{value}"); break;
        }
    }

    public override string ToString() => $"{_text}\n}}";

    private void AppendString(string text)
    {
        _text.Append('"');
        foreach (var c in text)
            AppendCharacter(c);
        _text.Append('"');
    }

    private void AppendCharacter(char c) => _ = c switch
    {
        '"' => _text.Append("\\\""),
        '\\' => _text.Append("\\\\"),
        '\n' => _text.Append("\\n"),
        '\r' => _text.Append("\\r"),
        '\t' => _text.Append("\\t"),
        '\b' => _text.Append("\\b"),
        '\f' => _text.Append("\\f"),
        >= ' ' and <= '~' => _text.Append(c),
        _ => _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
    };
}
