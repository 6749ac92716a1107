using SoftPromptGrpc.ModelFormats;

namespace SoftPromptGrpc.Server.Models.Checking;

/// <param name="Need">In words; null where the backend does not implement the model.</param>
internal sealed record BackendCheck(string Backend, string Purpose, string? Need);

/// <summary>The same input through every inference backend.</summary>
/// <param name="Difference">The greatest between two logits; null with fewer than two backends.</param>
/// <param name="Largest">The greatest logit by amount: what a difference is to be compared with.</param>
internal sealed record ProbeCheck(int Tokens, IReadOnlyList<string> Backends, double? Difference, double Largest)
{
    /// <summary>Float32 sums in another order differ by far less; a wrong operator by far more.</summary>
    private const double Tolerance = 1e-3;

    public bool Agrees => Difference is null || Difference <= Tolerance * Math.Max(1, Largest);
}

/// <param name="Model">Null where the checkpoint is refused.</param>
/// <param name="Failures">Why a backend could not run the probe.</param>
internal sealed record ModelCheckReport(
    CheckpointInspection Checkpoint, ModelFigures? Model, IReadOnlyList<BackendCheck> Backends, ProbeCheck? Probe, IReadOnlyList<string> Failures)
{
    public CheckVerdict Verdict => this switch
    {
        { Checkpoint.Refusals.Count: > 0 } or { Failures.Count: > 0 } => CheckVerdict.Refused,
        { Probe.Agrees: false } => CheckVerdict.BackendsDisagree,
        _ => CheckVerdict.Sound,
    };
}

internal sealed record ModelFigures(long Parameters, string Fingerprint);

/// <summary>Also the command's exit code.</summary>
internal enum CheckVerdict { Sound = 0, Refused = 1, BackendsDisagree = 3 }
