using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.Fuzzing.Targets;

internal sealed class SafetensorsTarget : IFuzzTarget
{
    public string Name => "safetensors";

    public IReadOnlyList<byte[]> Seeds { get; } = [File.ReadAllBytes(Goldens.File("peft/gpt2/prompt_tuning_random/adapter_model.safetensors"))];

    public IReadOnlyList<byte[]> Tokens { get; } =
        [.. new[] { "\"F32\"", "\"BF16\"", "\"dtype\":", "\"shape\":[", "\"data_offsets\":[", "18446744073709551615", "{}", "__metadata__" }
            .Select(System.Text.Encoding.UTF8.GetBytes)];

    public bool Read(byte[] bytes) => Refusal.OrSuccess(bytes.Length, () =>
    {
        using var file = SafetensorsFile.Parse(bytes);
        foreach (var tensor in file.Tensors.Values.Where(tensor => TensorTypes.IsReadable(tensor.Type)))
            file.Read(tensor, 0, new float[tensor.ElementCount]);
    });
}
