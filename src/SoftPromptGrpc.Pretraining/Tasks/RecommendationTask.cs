using System.Text.Encodings.Web;
using System.Text.Json;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Pretraining.Corpus;

namespace SoftPromptGrpc.Pretraining.Tasks;

internal sealed record LabelledExample(string Input, string Target);

/// <summary>The bundled task: reviews, and whether the writer recommends what they are about. Balanced, without duplicates.</summary>
internal sealed class RecommendationTask(Grammar grammar, long seed)
{
    /// <summary>Keeps the task's documents apart from the corpus of the same seed.</summary>
    private const long Stream = 1L << 60;

    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public const string Name = "would-recommend";

    public static IReadOnlyList<string> Labels { get; } = [" yes", " no"];

    /// <summary>Both of documents whose wording the model never saw, without a long sentence in common.</summary>
    public (IReadOnlyList<LabelledExample> Train, IReadOnlyList<LabelledExample> Test) Examples(int trainCount, int testCount)
    {
        var writer = new DocumentWriter(grammar, Split.HeldOut, SeededRandom.For(seed, Stream + (long)Split.HeldOut));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var test = Write(writer, testCount, input => seen.Add(input));
        var sentences = test.SelectMany(e => LongSentences(e.Input)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var train = Write(writer, trainCount, input => !LongSentences(input).Any(sentences.Contains) && seen.Add(input));
        return (train, test);
    }

    /// <summary>Those of eight words and more.</summary>
    public static IEnumerable<string> LongSentences(string text) =>
        text.Split(['.', '?', '!', '\n', ':']).Select(s => s.Trim()).Where(s => s.Count(c => c == ' ') >= 7);

    private static List<LabelledExample> Write(DocumentWriter writer, int count, Func<string, bool> accept)
    {
        var examples = new List<LabelledExample>();
        while (examples.Count < count)
        {
            var positive = examples.Count % 2 == 0;
            var document = writer.Write("task.review", new Dictionary<string, string> { ["mood"] = positive ? "pos" : "neg" });
            if (accept(document.Text))
                examples.Add(new LabelledExample(document.Text, Labels[positive ? 0 : 1]));
        }
        return examples;
    }

    public static void Write(IEnumerable<LabelledExample> examples, string path) =>
        File.WriteAllText(path, string.Concat(examples.Select(e => JsonSerializer.Serialize(e, Json) + "\n")));

    public static IReadOnlyList<LabelledExample> Read(string path) =>
        [.. File.ReadLines(path).Select(line => JsonSerializer.Deserialize<LabelledExample>(line, Json)!)];
}
