using SoftPromptGrpc.Benchmarks.Checkpoints;
using SoftPromptGrpc.Benchmarks.Serving;
using SoftPromptGrpc.Cli.Demo;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats;

namespace SoftPromptGrpc.Benchmarks.TrainingSteps;

/// <summary>What is trained on.</summary>
/// <param name="Examples">A batch for every step.</param>
/// <param name="Width">Tokens that the plain way pads to; null: those of the longest in a batch.</param>
/// <param name="Ratio">How many times the plain way's speed is asked for.</param>
internal sealed record TrainCase(
    string Name, BaseModel Model, IReadOnlyList<TrainingExample> Examples, int VirtualTokens, int? Width, double Ratio)
{
    public const int BatchSize = 8;

    private const int Targets = 4;
    private const int ShortestInput = 24;
    private const int LongestInput = 64;
    private const int TinySteps = 40;

    private static readonly Dictionary<string, Func<string, TrainCase>> Known = new()
    {
        ["gpt2-20"] = name => Random(name, Gpt2.Spec, virtualTokens: 20, steps: 3, ratio: 2.7),
        ["gpt2-100"] = name => Random(name, Gpt2.Spec, virtualTokens: 100, steps: 2, ratio: 5),
        ["llama-20"] = name => Random(name, Llama, virtualTokens: 20, steps: 2, ratio: 2.5),
        ["llama-100"] = name => Random(name, Llama, virtualTokens: 100, steps: 1, ratio: 2.5),
        ["bundled"] = Bundled,
    };

    public static IReadOnlyCollection<string> Names => Known.Keys;

    public int Steps => Examples.Count / BatchSize;

    private static DecoderSpec Llama
    {
        get
        {
            var shape = new LlamaShape();
            return RandomModel.Small with
            {
                VocabularySize = shape.Vocabulary,
                HiddenSize = shape.Hidden,
                LayerCount = shape.Layers,
                HeadCount = shape.Heads,
                KeyValueHeadCount = shape.KeyValueHeads,
                HeadSize = shape.Hidden / shape.Heads,
                MlpSize = shape.Mlp,
                ContextLength = shape.Context,
                Rotary = new RotarySpec(10_000, shape.Hidden / shape.Heads),
                TiedHead = false,
            };
        }
    }

    public static TrainCase Of(string name) => Known[name](name);

    private static TrainCase Random(string name, DecoderSpec spec, int virtualTokens, int steps, double ratio)
    {
        var random = new Random(steps);
        var examples = Enumerable.Range(0, steps * BatchSize).Select(_ => new TrainingExample(
            Ids(random.Next(ShortestInput, LongestInput + 1)), Ids(Targets)));
        return new(name, SeededWeights.ModelOf(spec), [.. examples], virtualTokens, LongestInput + Targets, ratio);

        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(spec.VocabularySize))];
    }

    private static TrainCase Bundled(string name)
    {
        var directory = DemoFiles.FindModel(DemoFiles.Program, DemoCommand.BundledModel);
        var model = ModelLoader.Load(name, directory.FullName);
        var task = DemoTask.Read(directory, null);
        var examples = task.Training.Examples.Take(TinySteps * BatchSize).Select(e => new TrainingExample(
            Encode(e.Input.Text), [.. Encode(e.Target.Text), model.Generation.EndOfSequence[0]]));
        return new(name, model, [.. examples], task.Settings.VirtualTokens, Width: null, Ratio: 1.8);

        int[] Encode(string text) => model.Tokenizer!.Encode(text, addSpecialTokens: false);
    }
}
