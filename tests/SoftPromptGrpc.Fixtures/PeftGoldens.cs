using System.Text.Json;
using Xunit;

namespace SoftPromptGrpc.Fixtures;

/// <summary>The figures of an adapter of Hugging Face PEFT on a model, for the inputs of <see cref="CausalGoldens"/>.</summary>
public sealed class PeftGoldens
{
    public const int VirtualTokens = 5;

    private static readonly string[] Models = ["gpt2", "llama"];

    private readonly string _path;
    private readonly JsonElement _json;
    private readonly GoldenTensors _tensors;

    public PeftGoldens(string model, string adapter)
    {
        _path = $"peft/{model}/{adapter}";
        _json = Goldens.Json($"{_path}/goldens.json");
        _tensors = Goldens.Tensors($"{_path}/goldens.safetensors");
    }

    /// <summary>Adapters that end in rows in front of the text's embeddings.</summary>
    public static MatrixTheoryData<string, string> Rows => new(
        Models, ["prompt_tuning_random", "prompt_tuning_text_short", "prompt_tuning_text_long", "p_tuning_mlp", "p_tuning_lstm"]);

    /// <summary>Adapters that end in keys and values in front of every layer's.</summary>
    public static MatrixTheoryData<string, string> Prefixes => new(Models, ["prefix_tuning", "prefix_tuning_projection"]);

    public string Directory => Goldens.Directory(_path);

    /// <summary>What PEFT saves of the method, whatever was trained: [VirtualTokens, width].</summary>
    public float[] Saved => Goldens.Tensors($"{_path}/adapter_model.safetensors")["prompt_embeddings"];

    /// <summary>Everything that PEFT trains, by its names.</summary>
    public GoldenTensors Trainable => Goldens.Tensors($"{_path}/prompt_encoder_full.safetensors");

    /// <summary>For the rows padded on the right. Columns count virtual tokens only where they are rows.</summary>
    public GoldenOutput Output => new(
        _json.GetProperty("right").GetProperty("loss").GetDouble(), _tensors["right.logits"], _tensors.Shape("right.logits")[1],
        _tensors.Shape("right.logits")[2]);

    public int[] StartIds => Vector(_json.GetProperty("greedy").GetProperty("single").GetProperty("input_ids"));

    /// <summary>12 greedy tokens behind adapter and <see cref="StartIds"/>, with no end of sequence.</summary>
    public int[] Greedy => Vector(_json.GetProperty("greedy").GetProperty("single").GetProperty("new_ids"));

    /// <summary>As <see cref="Greedy"/>, computed by the forward pass alone, which is what training sees.</summary>
    public int[] Recomputed => Vector(_json.GetProperty("greedy").GetProperty("single").GetProperty("recomputed_new_ids"));

    /// <summary>Of <see cref="Output"/>'s loss.</summary>
    public float[] GradientOf(string tensor) => _tensors[$"right.grad.{tensor}"];

    private static int[] Vector(JsonElement json) => [.. json.EnumerateArray().Select(e => e.GetInt32())];
}
