using SoftPromptGrpc.Server.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <param name="Request">As it was sent, with its examples.</param>
/// <param name="Checkpoint">The newest state, to continue from; null: begin.</param>
internal record JobContent(StoredJob Job, Wire.TrainingSpec Request, byte[]? Checkpoint)
{
    /// <summary>The spec that was accepted, defaults and all, with the examples back in.</summary>
    public Wire.TrainingSpec Spec
    {
        get
        {
            var spec = Wire.TrainingSpec.Parser.ParseFrom(Job.Spec);
            if (Request.DataCase == Wire.TrainingSpec.DataOneofCase.Examples)
                spec.Examples = Request.Examples;
            spec.Evaluation.Examples = Request.Evaluation?.Examples;
            return spec;
        }
    }

    /// <summary>Null: no limit.</summary>
    public TimeSpan? MaxDuration => Request.MaxDuration?.ToTimeSpan();
}
