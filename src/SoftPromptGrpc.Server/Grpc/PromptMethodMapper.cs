using SoftPromptGrpc.Core.Prompts;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Grpc;

internal static class PromptMethodMapper
{
    public static Wire.PromptMethod ToMessage(this PromptMethod method) => method switch
    {
        PromptMethod.PromptTuning => Wire.PromptMethod.PromptTuning,
        PromptMethod.PTuning => Wire.PromptMethod.PTuning,
        PromptMethod.PrefixTuning => Wire.PromptMethod.PrefixTuning,
        PromptMethod.MultitaskPromptTuning => Wire.PromptMethod.MultitaskPromptTuning,
        PromptMethod.Cartridge => Wire.PromptMethod.Cartridge,
    };
}
