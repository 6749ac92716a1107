using SoftPromptGrpc.Core;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.Backends.Torch.Tests;

/// <summary>
/// Starcoder2 as transformers' modeling_starcoder2.py defines it, in plain loops over float64, with random weights under the
/// checkpoint's own names: it shares no code with what it judges.
/// </summary>
internal sealed class Starcoder2Reference
{
    private const int Vocabulary = 30, Hidden = 24, Layers = 2, Heads = 6, Groups = 2, HeadSize = 4, Inner = 40, Window = 4;

    public const string Config = """
        {
          "model_type": "starcoder2", "vocab_size": 30, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 6,
          "num_key_value_heads": 2, "intermediate_size": 40, "max_position_embeddings": 32, "hidden_act": "gelu_pytorch_tanh",
          "norm_epsilon": 1e-5, "rope_theta": 999.0, "sliding_window": 4, "use_bias": true
        }
        """;

    private readonly Dictionary<string, (int Rows, int Columns, float[] Values)> _tensors = [];

    public Starcoder2Reference()
    {
        var random = new SeededRandom(5);
        Add("model.embed_tokens.weight", Vocabulary, Hidden);
        for (var layer = 0; layer < Layers; layer++)
        {
            var place = $"model.layers.{layer}";
            AddPair($"{place}.input_layernorm", Hidden, 1);
            AddPair($"{place}.self_attn.q_proj", Heads * HeadSize, Hidden);
            AddPair($"{place}.self_attn.k_proj", Groups * HeadSize, Hidden);
            AddPair($"{place}.self_attn.v_proj", Groups * HeadSize, Hidden);
            AddPair($"{place}.self_attn.o_proj", Hidden, Heads * HeadSize);
            AddPair($"{place}.post_attention_layernorm", Hidden, 1);
            AddPair($"{place}.mlp.c_fc", Inner, Hidden);
            AddPair($"{place}.mlp.c_proj", Hidden, Inner);
        }
        AddPair("model.norm", Hidden, 1);

        void AddPair(string name, int rows, int columns)
        {
            Add($"{name}.weight", rows, columns);
            Add($"{name}.bias", rows, 1);
        }

        void Add(string name, int rows, int columns) => _tensors.Add(
            name, (rows, columns, [.. Enumerable.Range(0, rows * columns).Select(_ => (float)(random.NextNormal() / Math.Sqrt(columns)))]));
    }

    public IEnumerable<TensorToWrite> Tensors =>
        _tensors.Select(t => new TensorToWrite(t.Key, t.Value.Columns == 1 ? [t.Value.Rows] : [t.Value.Rows, t.Value.Columns], t.Value.Values));

    /// <summary>The logits of every position.</summary>
    public double[][] Logits(int[] ids)
    {
        var embedding = _tensors["model.embed_tokens.weight"].Values;
        double[][] x = [.. ids.Select(id => embedding.Skip(id * Hidden).Take(Hidden).Select(v => (double)v).ToArray())];
        for (var layer = 0; layer < Layers; layer++)
        {
            var place = $"model.layers.{layer}";
            x = Sum(x, Attention($"{place}.self_attn", Norm($"{place}.input_layernorm", x)));
            x = Sum(x, Mlp($"{place}.mlp", Norm($"{place}.post_attention_layernorm", x)));
        }
        return [.. Norm("model.norm", x).Select(row => Product("model.embed_tokens", row, null))];
    }

    private double[][] Attention(string place, double[][] x)
    {
        var (q, k, v) = (Linear($"{place}.q_proj", x), Linear($"{place}.k_proj", x), Linear($"{place}.v_proj", x));
        for (var t = 0; t < x.Length; t++)
        {
            Rotate(q[t], t);
            Rotate(k[t], t);
        }
        var mixed = x.Select(_ => new double[Heads * HeadSize]).ToArray();
        for (var t = 0; t < x.Length; t++)
        {
            for (var head = 0; head < Heads; head++)
                Mix(t, head * HeadSize, head / (Heads / Groups) * HeadSize);
        }
        return Linear($"{place}.o_proj", mixed);

        void Mix(int t, int query, int key)
        {
            int[] seen = [.. Enumerable.Range(0, t + 1).Where(s => s > t - Window)];
            double[] weights =
                [.. seen.Select(s => Math.Exp(Enumerable.Range(0, HeadSize).Sum(i => q[t][query + i] * k[s][key + i]) / Math.Sqrt(HeadSize)))];
            for (var i = 0; i < HeadSize; i++)
                mixed[t][query + i] = seen.Zip(weights, (s, w) => w * v[s][key + i]).Sum() / weights.Sum();
        }
    }

    private static void Rotate(double[] row, int position)
    {
        for (var start = 0; start < row.Length; start += HeadSize)
        {
            for (var i = 0; i < HeadSize / 2; i++)
            {
                var angle = position * Math.Pow(999, -2.0 * i / HeadSize);
                var (a, b) = (row[start + i], row[start + i + HeadSize / 2]);
                row[start + i] = a * Math.Cos(angle) - b * Math.Sin(angle);
                row[start + i + HeadSize / 2] = b * Math.Cos(angle) + a * Math.Sin(angle);
            }
        }
    }

    private double[][] Mlp(string place, double[][] x)
    {
        var inner = Linear($"{place}.c_fc", x);
        return Linear($"{place}.c_proj", [.. inner.Select(row => row.Select(Gelu).ToArray())]);

        static double Gelu(double v) => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
    }

    private double[][] Norm(string name, double[][] x) => [.. x.Select(row =>
    {
        var mean = row.Average();
        var deviation = Math.Sqrt(row.Average(v => (v - mean) * (v - mean)) + 1e-5);
        var (weight, bias) = (_tensors[$"{name}.weight"].Values, _tensors[$"{name}.bias"].Values);
        return row.Select((v, i) => (v - mean) / deviation * weight[i] + bias[i]).ToArray();
    })];

    private double[][] Linear(string name, double[][] x) => [.. x.Select(row => Product(name, row, _tensors[$"{name}.bias"].Values))];

    private double[] Product(string name, double[] row, float[]? bias)
    {
        var (rows, columns, values) = _tensors[$"{name}.weight"];
        return [.. Enumerable.Range(0, rows).Select(o => row.Select((v, i) => v * values[o * columns + i]).Sum() + (bias?[o] ?? 0))];
    }

    private static double[][] Sum(double[][] x, double[][] y) => [.. x.Zip(y, (a, b) => a.Zip(b, (p, q) => p + q).ToArray())];
}
