using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Packing;

/// <summary>What sequences begin with, and whose rows are therefore computed once: a prompt's rows, then tokens.</summary>
/// <param name="Task">Which task's prompt.</param>
/// <param name="PromptRows">How many rows the prompt has.</param>
/// <param name="Head">The tokens.</param>
/// <param name="First">The number of its first row.</param>
/// <param name="IsNeeded">Whether its last row predicts something.</param>
internal sealed record Stem(int Task, int PromptRows, int[] Head, int First, bool IsNeeded)
{
    public int Length => PromptRows + Head.Length;
}

/// <summary>Sequences with as many rows of their own, behind one stem.</summary>
/// <param name="Stem">Its index.</param>
/// <param name="First">The number of the first sequence's first row.</param>
/// <param name="Count">Of sequences.</param>
/// <param name="Length">Of each.</param>
/// <param name="Needed">How many of each one's last rows predict something.</param>
internal sealed record Bucket(int Stem, int First, int Count, int Length, int Needed);

/// <summary>
/// A batch without padding. Rows, one after the other: each stem's, then the rest of each sequence, sequences of one length together. A
/// target's last token is predicted but never fed.
/// </summary>
/// <param name="Tokens">Of all rows but the prompts', in their order.</param>
/// <param name="Positions">Of each row in its sequence.</param>
/// <param name="Needed">The rows that predict something: each stem's last one, then the buckets'.</param>
/// <param name="Order">For each target token, example by example: which of <paramref name="Needed"/> predicts it.</param>
/// <param name="Targets">The target tokens, example by example.</param>
internal sealed record PackedBatch(
    IReadOnlyList<Stem> Stems, IReadOnlyList<Bucket> Buckets, IReadOnlyList<int> Tokens, IReadOnlyList<long> Positions,
    IReadOnlyList<long> Needed, IReadOnlyList<long> Order, IReadOnlyList<long> Targets)
{
    /// <param name="promptRows">At least 1 where an example's input is empty: something must predict its first target.</param>
    /// <param name="hasTasks">Whether each task has a prompt of its own.</param>
    /// <param name="first">The position of the first row: there may be keys and values in front.</param>
    public static PackedBatch Of(IReadOnlyList<TrainingExample> examples, int promptRows, bool hasTasks, int first = 0) =>
        new BatchPacker(examples, promptRows, hasTasks, first).Pack();
}
