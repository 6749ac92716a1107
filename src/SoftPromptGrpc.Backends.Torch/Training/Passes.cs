using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Training;

internal static class Passes
{
    /// <summary>Examples in their order, in as few parts as hold at most so many tokens each; an example alone may have more.</summary>
    public static IEnumerable<IReadOnlyList<TrainingExample>> Of(IEnumerable<TrainingExample> examples, int tokens)
    {
        var (part, sum) = (new List<TrainingExample>(), 0);
        foreach (var example in examples)
        {
            var own = example.Input.Length + example.Target.Length;
            if (part.Count > 0 && sum + own > tokens)
            {
                yield return part;
                (part, sum) = ([], 0);
            }
            part.Add(example);
            sum += own;
        }
        if (part.Count > 0)
            yield return part;
    }
}
