using System.Text.Json;
using SoftPromptGrpc.Core.Prompts;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Grpc;

internal static class PromptMethodMapper
{
    /// <summary>As filters name them.</summary>
    public static string ToName(this PromptMethod method) => JsonNamingPolicy.SnakeCaseLower.ConvertName($"{method}");

    public static PromptMethod? ToMethod(string name) =>
        Enum.GetValues<PromptMethod>().Where(method => method.ToName() == name).Cast<PromptMethod?>().FirstOrDefault();

    public static Wire.PromptMethod ToMessage(this PromptMethod method) => method switch
    {
        PromptMethod.PromptTuning => Wire.PromptMethod.PromptTuning,
        PromptMethod.PTuning => Wire.PromptMethod.PTuning,
        PromptMethod.PrefixTuning => Wire.PromptMethod.PrefixTuning,
        PromptMethod.MultitaskPromptTuning => Wire.PromptMethod.MultitaskPromptTuning,
        PromptMethod.Cartridge => Wire.PromptMethod.Cartridge,
    };
}
