using System.Text.Json;
using Xunit;

namespace SoftPromptGrpc.Fixtures;

/// <summary>The figures of an adapter of Hugging Face PEFT on a model, for the inputs of <see cref="CausalGoldens"/>.</summary>
public sealed class PeftGoldens
{
    public const int VirtualTokens = 5;

    /// <summary>The model of adapters that an encoder-decoder has.</summary>
    public const string EncoderDecoder = "t5_v1_0";

    /// <summary>The version of PEFT that made the figures.</summary>
    public const string Older = "0.14";

    /// <summary>Of an adapter that is refused: a torch pickle.</summary>
    public const string PickledFolder = "peft/gpt2/prompt_tuning_random_bin";

    private const string Newer = "0.20";

    private static readonly string[] Models = ["gpt2", "llama"];

    private static readonly string[] RowAdapters =
        ["prompt_tuning_random", "prompt_tuning_text_short", "prompt_tuning_text_long", "p_tuning_mlp", "p_tuning_lstm"];

    private static readonly string[] PrefixAdapters = ["prefix_tuning", "prefix_tuning_projection"];

    private readonly string _path;
    private readonly JsonElement _json;
    private readonly GoldenTensors _tensors;

    public PeftGoldens(string model, string adapter)
    {
        _path = FolderOf(model, adapter);
        _json = Goldens.Json($"{_path}/goldens.json");
        _tensors = Goldens.Tensors($"{_path}/goldens.safetensors");
    }

    /// <summary>Adapters that end in rows in front of the text's embeddings.</summary>
    public static MatrixTheoryData<string, string> Rows => new(Models, RowAdapters);

    /// <summary>Adapters that end in keys and values in front of every layer's.</summary>
    public static MatrixTheoryData<string, string> Prefixes => new(Models, PrefixAdapters);

    /// <summary>Those of <see cref="EncoderDecoder"/>, of both kinds.</summary>
    public static TheoryData<string> OfEncoderDecoder => [.. RowAdapters, .. PrefixAdapters];

    /// <summary>Every adapter of every model.</summary>
    public static IEnumerable<(string Model, string Name)> All =>
        from model in (string[])[.. Models, EncoderDecoder]
        from name in (string[])[.. RowAdapters, .. PrefixAdapters]
        select (model, name);

    /// <summary>The versions of PEFT that saved the adapter.</summary>
    public static string[] Savers(string model, string name) =>
        model == "llama" || name == "prompt_tuning_text_short" ? [Older] : [Older, Newer];

    /// <param name="savedBy">Of the newer version there is the configuration, and of the simplest adapter the tensors.</param>
    public static string FolderOf(string model, string name, string savedBy = Older) =>
        savedBy == Older ? $"peft/{model}/{name}" : $"peft/saved_by_peft_{savedBy}/{model}.{name}";

    public string Directory => Goldens.Directory(_path);

    /// <summary>What PEFT saves of the method, whatever was trained: [VirtualTokens, width].</summary>
    public float[] Saved => Goldens.Tensors($"{_path}/adapter_model.safetensors")["prompt_embeddings"];

    /// <summary>Everything that PEFT trains, by its names.</summary>
    public GoldenTensors Trainable => Goldens.Tensors($"{_path}/prompt_encoder_full.safetensors");

    /// <summary>For the rows padded on the right. Columns count virtual tokens only where they are rows.</summary>
    public GoldenOutput Output => OutputOf(GoldenPadding.Right);

    public int[] StartIds => Vector(_json.GetProperty("greedy").GetProperty("single").GetProperty("input_ids"));

    /// <summary>12 greedy tokens behind adapter and <see cref="StartIds"/>, with no end of sequence.</summary>
    public int[] Greedy => Vector(_json.GetProperty("greedy").GetProperty("single").GetProperty("new_ids"));

    /// <summary>As <see cref="Greedy"/>, computed by the forward pass alone, which is what training sees.</summary>
    public int[] Recomputed => Vector(_json.GetProperty("greedy").GetProperty("single").GetProperty("recomputed_new_ids"));

    /// <summary>As <see cref="Greedy"/>, behind each row. A decoder's are padded on the left, an encoder's on the right.</summary>
    public int[][] GreedyBatch
    {
        get
        {
            var greedy = _json.GetProperty("greedy");
            var batch = greedy.TryGetProperty("left_padded_batch", out var left) ? left : greedy.GetProperty("right_padded_batch");
            return [.. batch.GetProperty("new_ids").EnumerateArray().Select(Vector)];
        }
    }

    /// <summary>The ids whose embeddings the adapter is, where it began with a text.</summary>
    public int[] TextTokens => Vector(_json.GetProperty("init_text_token_ids"));

    /// <summary>A decoder's row that is padded on the left stands behind its padding, which stands behind the virtual tokens.</summary>
    public GoldenOutput OutputOf(GoldenPadding padding)
    {
        var tensor = $"{Name(padding)}.logits";
        var loss = _json.GetProperty(Name(padding)).GetProperty("loss").GetDouble();
        return new(loss, _tensors[tensor], _tensors.Shape(tensor)[1], _tensors.Shape(tensor)[2]);
    }

    /// <summary>Of the loss of <see cref="OutputOf"/>.</summary>
    public float[] GradientOf(string tensor, GoldenPadding padding = GoldenPadding.Right) => _tensors[$"{Name(padding)}.grad.{tensor}"];

    private static string Name(GoldenPadding padding) => padding == GoldenPadding.Left ? "left" : "right";

    private static int[] Vector(JsonElement json) => [.. json.EnumerateArray().Select(e => e.GetInt32())];
}
