using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.Fixtures;

/// <summary>The tensors of a golden file as float32 arrays.</summary>
public sealed class GoldenTensors
{
    private readonly Dictionary<string, (float[] Values, int[] Shape)> _tensors = [];

    public GoldenTensors(string path)
    {
        using var file = SafetensorsFile.Open(path);
        foreach (var entry in file.Tensors.Values)
        {
            var values = new float[entry.ElementCount];
            file.Read(entry, 0, values);
            _tensors.Add(entry.Name, (values, [.. entry.Shape.Select(s => (int)s)]));
        }
    }

    public IEnumerable<string> Names => _tensors.Keys;

    public float[] this[string name] => _tensors[name].Values;

    public int[] Shape(string name) => _tensors[name].Shape;
}
