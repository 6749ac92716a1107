using System.Diagnostics;

namespace SoftPromptGrpc.Fuzzing;

/// <summary>An input that is neither accepted nor refused as it should be.</summary>
public sealed record Find(byte[] Input, Exception Error);

/// <summary>Feeds a target mutations of its seeds, the same ones for the same seed.</summary>
public sealed class FuzzRun
{
    public long Executions { get; private set; }

    public long Accepted { get; private set; }

    /// <summary>One for each place that errors come from.</summary>
    public IReadOnlyCollection<Find> Finds => _finds.Values;

    private readonly Dictionary<string, Find> _finds = [];

    /// <summary>Reads the seeds, which must be accepted, then mutations, as long as <paramref name="goesOn"/> says so.</summary>
    public static FuzzRun Of(IFuzzTarget target, int seed, Func<FuzzRun, bool> goesOn)
    {
        var (run, mutator) = (new FuzzRun(), new Mutator(target, seed));
        foreach (var input in target.Seeds)
            run.Execute(target, input);
        while (goesOn(run))
            run.Execute(target, mutator.Next());
        return run;
    }

    private void Execute(IFuzzTarget target, byte[] input)
    {
        Executions++;
        try
        {
            if (target.Read(input))
                Accepted++;
        }
        catch (Exception error)
        {
            _finds.TryAdd(PlaceOf(error), new Find(input, error));
        }
    }

    private static string PlaceOf(Exception error)
    {
        var frames = new StackTrace(error).GetFrames().Take(3).Select(frame => frame.GetMethod()?.ToString());
        return $"{error.GetType()} {string.Join(' ', frames)} {(error.TargetSite is null ? error.Message : "")}";
    }
}
