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
        var folder = CausalModels.FolderOf(original);
        _json = Goldens.Json($"{folder}/goldens.json");
        _tensors = Goldens.Tensors($"{(CausalModels.IsHalfPrecision(name) ? $"variants/{name}" : folder)}/goldens.safetensors");
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
    public float[] Prompt => [.. StoredPrompt.Select(value => value * PromptFactor)];

    /// <summary>What the file holds: <see cref="Prompt"/> but for two models.</summary>
    public float[] StoredPrompt => _tensors["prompt5"];

    /// <summary>The gradient of <see cref="SoftPrompt"/>'s loss: [VirtualTokens, hidden size].</summary>
    public float[] PromptGradient => [.. _tensors["soft_prompt.right.grad_prompt"].Select(value => value / PromptFactor)];

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

    /// <summary>
    /// transformers 4 multiplied whatever it was given as embeddings for Gemma and Gemma 2; it was given prompt5 itself. Since
    /// transformers 5, and with us, a prompt's rows are taken as they are.
    /// </summary>
    private float PromptFactor => _name is "gemma" or "gemma2" ? MathF.Sqrt(_tensors.Shape("prompt5")[1]) : 1;

    private GoldenOutput Output(string tensor, JsonElement json) =>
        new(json.GetProperty("loss").GetDouble(), _tensors[tensor], _tensors.Shape(tensor)[1], _tensors.Shape(tensor)[2]);

    /// <summary>
    /// Labels of rows padded on the left, if they were not: what a padded row begins with is no target, since padding would predict it.
    /// </summary>
    public int[][] LeftLabels
    {
        get
        {
            var labels = Matrix(_json.GetProperty("inputs").GetProperty("left").GetProperty("labels"));
            return [.. labels.Select((row, i) => (int[])[.. row[Paddings[i]..], .. row[..Paddings[i]]])];
        }
    }

    /// <summary>Greedy tokens of rows in a batch that is padded on the left.</summary>
    public int[][] GreedyLeft => Matrix(_json.GetProperty("greedy").GetProperty("left_padded_batch").GetProperty("new_ids"));

    /// <summary>Rows padded on the left, with positions that do not count the padding, and with those that do.</summary>
    public IReadOnlyList<GoldenPoints> LeftForward
    {
        get
        {
            var forward = _json.GetProperty("forward");
            var counted = GoldenPoints.Read(forward.GetProperty("left"), Paddings, CausalModels.MovesBehindPadding(_name));
            return forward.TryGetProperty("left_position_ids", out var numbered)
                ? [counted, GoldenPoints.Read(numbered, Paddings, movesText: false)]
                : [counted];
        }
    }

    /// <summary>Rows padded on the left behind <see cref="Prompt"/>, the padding between them.</summary>
    public GoldenPoints LeftSoftPrompt =>
        GoldenPoints.Read(_json.GetProperty("soft_prompt").GetProperty("left"), Paddings, !CausalModels.CountsFromMask(_name));

    /// <summary>The gradient of <see cref="LeftSoftPrompt"/>'s loss: [VirtualTokens, hidden size].</summary>
    public float[] LeftPromptGradient => [.. _tensors["soft_prompt.left.grad_prompt"].Select(value => value / PromptFactor)];

    /// <summary>Of transformers 5, which takes <see cref="StoredPrompt"/> as it is; for gemma and gemma2 alone.</summary>
    public JsonElement NewerSoftPrompt(GoldenPadding padding) =>
        Goldens.Json("models_v5/gemma_soft_prompt_v5.json").GetProperty(_name)
            .GetProperty(padding == GoldenPadding.Left ? "left" : "right");

    /// <summary>The logits and, for rows padded on the right, the loss of <see cref="NewerSoftPrompt"/>.</summary>
    public GoldenPoints NewerPoints(GoldenPadding padding) => padding == GoldenPadding.Left
        ? GoldenPoints.Read(NewerSoftPrompt(padding), Paddings, movesText: true)
        : GoldenPoints.Read(NewerSoftPrompt(padding), new int[Rows.Length], movesText: false);

    private int[] Paddings => [.. Rows.Select(row => InputIds[0].Length - row.Length)];

    private static int[] Vector(JsonElement json) => [.. json.EnumerateArray().Select(e => e.GetInt32())];

    private static int[][] Matrix(JsonElement json) => [.. json.EnumerateArray().Select(Vector)];
}
