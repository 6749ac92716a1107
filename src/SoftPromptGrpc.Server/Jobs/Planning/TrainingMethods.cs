using SoftPromptGrpc.Core.Training.Methods;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

internal static class TrainingMethods
{
    /// <param name="spec">With every default filled in.</param>
    public static TrainingMethod Of(Wire.TrainingSpec spec, ContentEncoder encoder) => spec.MethodOptionsCase switch
    {
        Wire.TrainingSpec.MethodOptionsOneofCase.None => new PromptTuning(Waywardness(spec, encoder)),
        Wire.TrainingSpec.MethodOptionsOneofCase.PTuning =>
            new PTuning(Of(spec.PTuning.Encoder), spec.PTuning.EncoderHiddenSize, spec.PTuning.EncoderLayers),
        Wire.TrainingSpec.MethodOptionsOneofCase.PrefixTuning =>
            new PrefixTuning(spec.PrefixTuning.Projection ? spec.PrefixTuning.EncoderHiddenSize : null),
        Wire.TrainingSpec.MethodOptionsOneofCase.Multitask =>
            new MultitaskPromptTuning(spec.Multitask.TaskCount, spec.Multitask.Task, spec.Multitask.Rank),
        Wire.TrainingSpec.MethodOptionsOneofCase.Cartridge => new Cartridge(spec.Cartridge.FrozenTokens),
    };

    private static Waywardness? Waywardness(Wire.TrainingSpec spec, ContentEncoder encoder) => spec.Waywardness is null
        ? null
        : new Waywardness(encoder.NotEmpty(spec.Waywardness.Text, "spec.waywardness.text"), spec.Waywardness.Gamma);

    /// <summary>Any for one that is a violation.</summary>
    private static PromptEncoderKind Of(Wire.PromptEncoder encoder) =>
        encoder == Wire.PromptEncoder.Lstm ? PromptEncoderKind.Lstm : PromptEncoderKind.Mlp;
}
