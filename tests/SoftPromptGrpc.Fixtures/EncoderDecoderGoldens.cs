using System.Text.Json;
using Xunit;

namespace SoftPromptGrpc.Fixtures;

/// <summary>
/// The figures of a tiny encoder-decoder checkpoint: three inputs of 9, 6 and 4 tokens with targets of 5, 3 and 4. A soft prompt
/// stands in front of the encoder's input.
/// </summary>
public sealed class EncoderDecoderGoldens
{
    /// <summary>The rows of <see cref="Prompt"/>.</summary>
    public const int VirtualTokens = 5;

    private readonly JsonElement _json;
    private readonly GoldenTensors _tensors;

    public EncoderDecoderGoldens(string name)
    {
        _json = Goldens.Json($"models/{name}/goldens.json");
        _tensors = Goldens.Tensors($"models/{name}/goldens.safetensors");
        Start = _json.GetProperty("decoder_start_token_id").GetInt32();
        var right = Padded(GoldenPadding.Right);
        Inputs = [.. right.Ids.Select((ids, row) => ids[..right.Mask[row].Sum()])];
        Targets = [.. Matrix(_json.GetProperty("inputs").GetProperty("labels")).Select(row => row.Where(id => id >= 0).ToArray())];
    }

    /// <summary>Each with the figures of this class.</summary>
    public static TheoryData<string> All => ["t5_v1_0", "t5_v1_1", "bart"];

    /// <summary>The token that every output begins behind.</summary>
    public int Start { get; }

    /// <summary>Without padding.</summary>
    public int[][] Inputs { get; }

    /// <summary>Without padding.</summary>
    public int[][] Targets { get; }

    /// <summary>[VirtualTokens, hidden size].</summary>
    public float[] Prompt => _tensors["prompt5"];

    /// <summary>What the decoder reads to predict <see cref="Targets"/>; arbitrary behind them.</summary>
    public int[][] DecoderInputs => Matrix(_json.GetProperty("inputs").GetProperty("decoder_input_ids"));

    /// <summary>The encoder's input as the figures of one padding have it.</summary>
    public (int[][] Ids, int[][] Mask) Padded(GoldenPadding padding)
    {
        var inputs = _json.GetProperty("inputs").GetProperty(Name(padding));
        return (Matrix(inputs.GetProperty("input_ids")), Matrix(inputs.GetProperty("attention_mask")));
    }

    /// <summary>The encoder's output without a prompt: [rows, 9, hidden size]; undefined where the input is padding.</summary>
    public float[] Encoded(GoldenPadding padding) => _tensors[$"forward.{Name(padding)}.encoder_last_hidden_state"];

    /// <summary>Without a prompt: [rows, decoder positions, vocabulary].</summary>
    public GoldenOutput Forward(GoldenPadding padding) => Output("forward", padding);

    /// <summary>Behind <see cref="Prompt"/>.</summary>
    public GoldenOutput SoftPrompt(GoldenPadding padding) => Output("soft_prompt", padding);

    /// <summary>The gradient of <see cref="SoftPrompt"/>'s loss: [VirtualTokens, hidden size].</summary>
    public float[] PromptGradient(GoldenPadding padding) => _tensors[$"soft_prompt.{Name(padding)}.grad_prompt"];

    /// <summary>12 greedy tokens each, with no end of sequence; the rows are those of <see cref="Inputs"/>.</summary>
    public GoldenGreedy Greedy
    {
        get
        {
            var greedy = _json.GetProperty("greedy");
            return new GoldenGreedy(
                Vector(greedy.GetProperty("encoder_ids")),
                Vector(greedy.GetProperty("plain").GetProperty("new_ids")),
                Vector(greedy.GetProperty("soft_prompt").GetProperty("new_ids")),
                Matrix(greedy.GetProperty("right_padded_batch").GetProperty("new_ids")));
        }
    }

    private GoldenOutput Output(string kind, GoldenPadding padding)
    {
        var tensor = $"{kind}.{Name(padding)}.logits";
        var loss = _json.GetProperty(kind).GetProperty(Name(padding)).GetProperty("loss").GetDouble();
        return new(loss, _tensors[tensor], _tensors.Shape(tensor)[1], _tensors.Shape(tensor)[2]);
    }

    private static string Name(GoldenPadding padding) => padding == GoldenPadding.Left ? "left" : "right";

    private static int[] Vector(JsonElement json) => [.. json.EnumerateArray().Select(e => e.GetInt32())];

    private static int[][] Matrix(JsonElement json) => [.. json.EnumerateArray().Select(Vector)];
}
