namespace SoftPromptGrpc.Core.Tests;

public sealed class SeededRandomTests
{
    // The reference implementation's first outputs for seed 1234567 (rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64).
    [Fact]
    public void NextUInt64_KnownSeed_IsSplitMix64()
    {
        var random = new SeededRandom(1234567);

        Assert.Equal(
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821],
            Enumerable.Range(0, 5).Select(_ => random.NextUInt64()));
    }

    [Fact]
    public void For_SameSeedAndStream_SameNumbers() =>
        Assert.Equal(SeededRandom.For(42, 3).NextUInt64(), SeededRandom.For(42, 3).NextUInt64());

    [Theory]
    [InlineData(42, 4)]
    [InlineData(43, 3)]
    [InlineData(-42, 3)]
    public void For_OtherSeedOrStream_OtherNumbers(long seed, long stream) =>
        Assert.NotEqual(SeededRandom.For(42, 3).NextUInt64(), SeededRandom.For(seed, stream).NextUInt64());

    [Fact]
    public void Next_ManyDraws_CoverTheRangeEvenly()
    {
        var random = new SeededRandom(1);
        var counts = new int[10];
        for (var i = 0; i < 100_000; i++)
            counts[random.Next(10)]++;

        Assert.All(counts, count => Assert.InRange(count, 9_500, 10_500));
    }

    [Fact]
    public void NextDouble_ManyDraws_AreInRangeWithMeanOneHalf()
    {
        var random = new SeededRandom(1);
        double[] values = [.. Enumerable.Range(0, 100_000).Select(_ => random.NextDouble())];

        Assert.All(values, value => Assert.InRange(value, 0, Math.BitDecrement(1.0)));
        Assert.InRange(values.Average(), 0.495, 0.505);
    }

    [Fact]
    public void NextNormal_ManyDraws_HaveMeanZeroAndVarianceOne()
    {
        var random = new SeededRandom(1);
        double[] values = [.. Enumerable.Range(0, 100_000).Select(_ => random.NextNormal())];

        Assert.InRange(values.Average(), -0.02, 0.02);
        Assert.InRange(values.Average(value => value * value), 0.97, 1.03);
    }

    [Fact]
    public void Shuffle_AnyValues_IsAPermutationThatDependsOnTheSeed()
    {
        int[] Shuffled(ulong seed)
        {
            int[] values = [.. Enumerable.Range(0, 50)];
            new SeededRandom(seed).Shuffle(values.AsSpan());
            return values;
        }

        Assert.Equal(Enumerable.Range(0, 50), Shuffled(1).Order());
        Assert.Equal(Shuffled(1), Shuffled(1));
        Assert.NotEqual(Shuffled(1), Shuffled(2));
    }
}
