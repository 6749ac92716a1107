using System.Text.Json;

namespace SoftPromptGrpc.Fixtures;

/// <summary>The figures of one of <see cref="CausalModels"/>: three rows of 9, 6 and 4 tokens, padded on the right.</summary>
public sealed class CausalGoldens
{
    /// <summary>The rows of <see cref="Prompt"/>.</summary>
    public const int VirtualTokens = 5;

    private readonly JsonElement _json;
    private readonly GoldenTensors _tensors;
    private readonly string _name;

    public CausalGoldens(string name)
    {
        var original = CausalModels.OriginalOf(name);
        _name = name;
        _json = Goldens.Json($"models/{original}/goldens.json");
        _tensors = Goldens.Tensors(
            CausalModels.IsHalfPrecision(name) ? $"variants/{name}/goldens.safetensors" : $"models/{original}/goldens.safetensors");
        var inputs = _json.GetProperty("inputs").GetProperty("right");
        InputIds = Matrix(inputs.GetProperty("input_ids"));
        AttentionMask = Matrix(inputs.GetProperty("attention_mask"));
        Labels = Matrix(inputs.GetProperty("labels"));
        Rows = [.. InputIds.Select((ids, row) => ids[..AttentionMask[row].Sum()])];
    }

    /// <summary>Padded with 0.</summary>
    public int[][] InputIds { get; }

    /// <summary>1 for a token, 0 for padding.</summary>
    public int[][] AttentionMask { get; }

    /// <summary>-100 where there is no target. Not shifted: a position's logits predict the next position's label.</summary>
    public int[][] Labels { get; }

    /// <summary>The ids of each row without padding.</summary>
    public int[][] Rows { get; }

    /// <summary>Without a prompt.</summary>
    public GoldenOutput Forward => CausalModels.IsHalfPrecision(_name)
        ? Output("forward.right.logits", Goldens.Json("variants/goldens.json").GetProperty("variants").GetProperty(_name))
        : Output("forward.right.logits", _json.GetProperty("forward").GetProperty("right"));

    /// <summary>Behind <see cref="Prompt"/>: columns 0 to 4 are the virtual tokens.</summary>
    public GoldenOutput SoftPrompt => Output("soft_prompt.right.logits", _json.GetProperty("soft_prompt").GetProperty("right"));

    /// <summary>[VirtualTokens, hidden size].</summary>
    public float[] Prompt => _tensors["prompt5"];

    /// <summary>The gradient of <see cref="SoftPrompt"/>'s loss: [VirtualTokens, hidden size].</summary>
    public float[] PromptGradient => _tensors["soft_prompt.right.grad_prompt"];

    public GoldenGreedy Greedy
    {
        get
        {
            var greedy = _json.GetProperty("greedy");
            return new GoldenGreedy(
                Vector(greedy.GetProperty("start_ids")),
                Vector(greedy.GetProperty("plain").GetProperty("new_ids")),
                Vector(greedy.GetProperty("soft_prompt").GetProperty("new_ids")),
                Matrix(greedy.GetProperty("each_row_unpadded").GetProperty("new_ids")));
        }
    }

    private GoldenOutput Output(string tensor, JsonElement json) =>
        new(json.GetProperty("loss").GetDouble(), _tensors[tensor], _tensors.Shape(tensor)[1], _tensors.Shape(tensor)[2]);

    private static int[] Vector(JsonElement json) => [.. json.EnumerateArray().Select(e => e.GetInt32())];

    private static int[][] Matrix(JsonElement json) => [.. json.EnumerateArray().Select(Vector)];
}
