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

    /// <param name="method">One that is defined.</param>
    public static PromptMethod ToMethod(this Wire.PromptMethod method) => method switch
    {
        Wire.PromptMethod.Unspecified or Wire.PromptMethod.PromptTuning => PromptMethod.PromptTuning,
        Wire.PromptMethod.PTuning => PromptMethod.PTuning,
        Wire.PromptMethod.PrefixTuning => PromptMethod.PrefixTuning,
        Wire.PromptMethod.MultitaskPromptTuning => PromptMethod.MultitaskPromptTuning,
        Wire.PromptMethod.Cartridge => PromptMethod.Cartridge,
    };

    public static Wire.PromptMethod ToMessage(this PromptMethod method) => method switch
    {
        PromptMethod.PromptTuning => Wire.PromptMethod.PromptTuning,
        PromptMethod.PTuning => Wire.PromptMethod.PTuning,
        PromptMethod.PrefixTuning => Wire.PromptMethod.PrefixTuning,
        PromptMethod.MultitaskPromptTuning => Wire.PromptMethod.MultitaskPromptTuning,
        PromptMethod.Cartridge => Wire.PromptMethod.Cartridge,
    };
}
