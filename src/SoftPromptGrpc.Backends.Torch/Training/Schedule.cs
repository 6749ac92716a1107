using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>The learning rate's factor, as transformers' get_constant, get_linear and get_cosine_schedule_with_warmup.</summary>
internal static class Schedule
{
    /// <param name="step">From 1. The first step of a warm-up has factor 0.</param>
    public static double Factor(ScheduleSettings settings, int step, int steps)
    {
        var done = step - 1;
        if (done < settings.WarmUpSteps)
            return (double)done / settings.WarmUpSteps;
        var progress = (double)(done - settings.WarmUpSteps) / Math.Max(1, steps - settings.WarmUpSteps);
        return settings.Kind switch
        {
            ScheduleKind.Constant => 1,
            ScheduleKind.Linear => Math.Max(0, 1 - progress),
            ScheduleKind.Cosine => Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * progress))),
        };
    }
}
