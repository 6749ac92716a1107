using System.Text.Encodings.Web;
using System.Text.Json;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Pretraining.Corpus;

namespace SoftPromptGrpc.Pretraining.Tasks;

internal sealed record LabelledExample(string Input, string Target);

/// <summary>The bundled task: reviews without any mark of their mood, and the word for it. Balanced, without duplicates.</summary>
internal sealed class SentimentTask(Grammar grammar, long seed)
{
    /// <summary>Keeps the task's documents apart from the corpus of the same seed.</summary>
    private const long Stream = 1L << 60;

    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IReadOnlyList<string> Labels { get; } = [" positive", " negative"];

    public IReadOnlyList<LabelledExample> Examples(Split split, int count)
    {
        var writer = new DocumentWriter(grammar, split, SeededRandom.For(seed, Stream + (long)split));
        var examples = new List<LabelledExample>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (examples.Count < count)
        {
            var positive = examples.Count % 2 == 0;
            var document = writer.Write("task.review", new Dictionary<string, string> { ["mood"] = positive ? "pos" : "neg" });
            if (seen.Add(document.Text))
                examples.Add(new LabelledExample(document.Text, Labels[positive ? 0 : 1]));
        }
        return examples;
    }

    public static void Write(IEnumerable<LabelledExample> examples, string path) =>
        File.WriteAllText(path, string.Concat(examples.Select(e => JsonSerializer.Serialize(e, Json) + "\n")));

    public static IReadOnlyList<LabelledExample> Read(string path) =>
        [.. File.ReadLines(path).Select(line => JsonSerializer.Deserialize<LabelledExample>(line, Json)!)];
}
