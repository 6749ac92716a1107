using SoftPromptGrpc.Core.Training.Methods;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training.Methods;

// P: rows, E: width of the encoder, I: inputs of a layer.
/// <summary>A bidirectional LSTM (Hochreiter and Schmidhuber 1997) over rows, as torch.nn.LSTM.</summary>
internal static class Lstm
{
    /// <returns>[P, 2 * E].</returns>
    public static Tensor Forward(PTuning encoder, Tensor rows, IReadOnlyDictionary<string, Tensor> tensors)
    {
        for (var layer = 0; layer < encoder.Layers; layer++)
        {
            var forwards = Run(rows, tensors, $"l{layer}", isReverse: false);
            var backwards = Run(rows, tensors, $"l{layer}_reverse", isReverse: true);
            rows = cat([forwards, backwards], -1);
        }
        return rows;
    }

    /// <param name="rows">[P, I].</param>
    /// <returns>[P, E], in the order of the rows.</returns>
    private static Tensor Run(Tensor rows, IReadOnlyDictionary<string, Tensor> tensors, string place, bool isReverse)
    {
        Tensor Of(string name) => tensors[$"lstm_head.{name}_{place}"];
        var (recurrent, bias) = (Of("weight_hh").t(), Of("bias_hh"));
        var inputs = nn.functional.linear(rows, Of("weight_ih"), Of("bias_ih"));  // [P, 4 * E]
        var hidden = zeros(1, recurrent.shape[0], device: rows.device);
        var cell = zeros_like(hidden);
        var outputs = new Tensor[rows.shape[0]];
        for (var step = 0; step < outputs.Length; step++)
        {
            var token = isReverse ? outputs.Length - 1 - step : step;
            var gates = (inputs[token] + (hidden.matmul(recurrent) + bias)).chunk(4, -1);
            cell = gates[1].sigmoid() * cell + gates[0].sigmoid() * gates[2].tanh();
            hidden = gates[3].sigmoid() * cell.tanh();
            outputs[token] = hidden;
        }
        return cat(outputs, 0);
    }
}
