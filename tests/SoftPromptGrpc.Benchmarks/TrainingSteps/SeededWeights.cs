using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Benchmarks.TrainingSteps;

/// <summary>Weights of a decoder that are drawn when they are read, and so take no memory of their own: matrices even, norms 1, biases 0.</summary>
internal sealed class SeededWeights(DecoderSpec spec) : IModelWeights
{
    private const float Deviation = 0.02f;

    private readonly Dictionary<string, (int[] Shape, int Seed)> _tensors =
        DecoderTensors.Of(spec).Index().ToDictionary(t => t.Item.Name, t => (t.Item.Shape, t.Index));

    public static BaseModel ModelOf(DecoderSpec spec) =>
        new(spec.ModelType, "seeded", spec, new SeededWeights(spec), null, new(null, [], null), 0);

    public IReadOnlyList<int> Shape(string name) => _tensors[name].Shape;

    public void Read(string name, Span<float> destination)
    {
        var (shape, seed) = _tensors[name];
        if (shape.Length == 1)
            destination.Fill(name.EndsWith(".bias", StringComparison.Ordinal) ? 0 : 1);
        else
            Draw(destination, new Random(seed));
    }

    /// <remarks>Rows are numbers of their own: no row of the same matrix that is read as a whole.</remarks>
    public void ReadRow(string name, int row, Span<float> destination) => Draw(destination, new Random(HashCode.Combine(_tensors[name].Seed, row)));

    public void Dispose()
    {
    }

    private static void Draw(Span<float> destination, Random random)
    {
        var width = Deviation * MathF.Sqrt(12);
        foreach (ref var value in destination)
            value = (random.NextSingle() - 0.5f) * width;
    }
}
