using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace SoftPromptGrpc.Cli.Training;

/// <summary>A job as a few lines that are drawn again and again.</summary>
internal static class TrainingView
{
    private const int BarWidth = 40;
    private const int EvaluationsShown = 5;

    public static IRenderable Render(TrainingProgress progress)
    {
        var lines = new List<IRenderable> { Line(Bar(progress)) };
        if (progress.Step is { } step)
        {
            lines.Add(Line(Describe(step)));
            var curve = Sparkline.Draw(progress.Losses, BarWidth);
            lines.Add(Line($"loss  [yellow]{curve}[/]  {Figures.Loss(progress.Losses[0])} → {Figures.Loss(step.Loss)}"));
        }

        if (progress.Baseline is { } baseline)
            lines.AddRange(TrainingWords.Describe(baseline).Select(text => Line($"[grey]{Markup.Escape(text)}[/]")));
        lines.AddRange(progress.Evaluations.TakeLast(EvaluationsShown).Select(Describe));
        return new Rows(lines);
    }

    private static string Bar(TrainingProgress progress)
    {
        var (done, total) = (progress.Step?.Step ?? 0, progress.TotalSteps);
        var filled = total > 0 ? Math.Clamp(done * BarWidth / total, 0, BarWidth) : 0;
        var steps = total > 0 ? $"{done}/{total}" : "waiting";
        var (left, right) = (new string('━', filled), new string('━', BarWidth - filled));
        return $"{Markup.Escape(progress.Prompt)}  [green]{left}[/][grey]{right}[/]  {steps}";
    }

    private static string Describe(TrainingStep step)
    {
        var eta = step.Eta is { } left ? $"  {Figures.Duration(left.ToTimeSpan())} left" : "";
        return $"[grey]epoch {Figures.Number(step.Epoch)}  learning rate {Figures.Rate(step.LearningRate)}  "
            + $"gradient {Figures.Number(step.GradientNorm)}  {Figures.Count((long)step.TokensPerSecond)} tokens/s{eta}[/]";
    }

    private static Markup Describe(Evaluation evaluation)
    {
        var text = Markup.Escape(TrainingWords.Describe(evaluation));
        return Line(evaluation.IsBest ? $"[green]{text}[/]" : text);
    }

    private static Markup Line(string markup) => new(markup) { Overflow = Overflow.Ellipsis };
}
