using SoftPromptGrpc.Core.Training.Methods;

namespace SoftPromptGrpc.Fixtures;

/// <summary>The methods behind the names of golden adapters.</summary>
public static class PeftMethods
{
    private const int EncoderSize = 24;

    public static TrainingMethod Of(string adapter) => adapter switch
    {
        "p_tuning_mlp" => new PTuning(PromptEncoderKind.Mlp, EncoderSize),
        "p_tuning_lstm" => new PTuning(PromptEncoderKind.Lstm, EncoderSize),
        "prefix_tuning" => new PrefixTuning(),
        "prefix_tuning_projection" => new PrefixTuning(EncoderSize),
        _ => new PromptTuning(),
    };
}
