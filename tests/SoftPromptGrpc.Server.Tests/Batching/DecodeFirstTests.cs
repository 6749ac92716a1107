using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Tests.Batching;

public sealed class DecodeFirstTests
{
    private static readonly PlannedSequence Decoding = new(IsDecoding: true, Cost: 1);

    [Fact]
    public void Plan_DecodingSequences_AllTakePart() => Assert.Equal([0, 1, 2], Plan(1, Decoding, Decoding, Decoding));

    [Fact]
    public void Plan_InputsWithinTheBudget_AllTakePart() => Assert.Equal([0, 1, 2], Plan(100, Input(60), Decoding, Input(40)));

    [Fact]
    public void Plan_InputsBeyondTheBudget_Wait() => Assert.Equal([0, 2], Plan(99, Input(60), Input(40), Decoding));

    [Fact]
    public void Plan_SmallInputBehindALargeOne_UsesWhatIsLeft() => Assert.Equal([0, 2], Plan(100, Input(60), Input(41), Input(40)));

    [Fact]
    public void Plan_FirstInputBeyondTheBudget_AdvancesAnyway() => Assert.Equal([0], Plan(10, Input(500), Input(1)));

    [Fact]
    public void Plan_Nothing_IsEmpty() => Assert.Empty(Plan(10));

    private static PlannedSequence Input(int cost) => new(IsDecoding: false, cost);

    private static List<int> Plan(int budget, params PlannedSequence[] sequences) => DecodeFirst.Plan(sequences, budget);
}
