namespace SoftPromptGrpc.Conformance.Inference;

/// <summary>Mean cross entropy over targets.</summary>
internal sealed class MeanLoss
{
    private double _sum;
    private int _count;

    public double Value => _sum / _count;

    /// <param name="logits">Row i predicts target i; rows beyond the targets do not count, nor those of a negative one.</param>
    public void Add(float[][] logits, ReadOnlySpan<int> targets)
    {
        for (var i = 0; i < targets.Length; i++)
        {
            if (targets[i] < 0)
                continue;
            _count++;
            var most = (double)logits[i].Max();
            _sum += most + Math.Log(logits[i].Sum(l => Math.Exp(l - most))) - logits[i][targets[i]];
        }
    }
}
