using Microsoft.Extensions.Time.Testing;
using SoftPromptGrpc.Server.Limits;

namespace SoftPromptGrpc.Server.Tests.Limits;

public sealed class TokenBucketTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Take_AsManyAsTheBurst_PassAndTheNextWaitsItsTurn()
    {
        var bucket = new TokenBucket(2, 3, _time);

        Assert.Equal([null, null, null, TimeSpan.FromSeconds(0.5)], Enumerable.Range(0, 4).Select(_ => bucket.Take()));
        _time.Advance(TimeSpan.FromSeconds(0.25));
        Assert.Equal(TimeSpan.FromSeconds(0.25), bucket.Take());
        _time.Advance(TimeSpan.FromSeconds(0.25));
        Assert.Null(bucket.Take());
        Assert.NotNull(bucket.Take());
    }

    [Fact]
    public void Take_AfterALongPause_AllowsNoMoreThanTheBurst()
    {
        var bucket = new TokenBucket(100, 2, _time);
        bucket.Take();

        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(2, Enumerable.Range(0, 10).Count(_ => bucket.Take() is null));
    }

    [Fact]
    public void Take_OneWhoFollowsTheAdvice_IsNeverRefusedAgain()
    {
        var bucket = new TokenBucket(3, 1, _time);
        for (var i = 0; i < 1000; i++)
        {
            if (bucket.Take() is not { } wait)
                continue;
            _time.Advance(wait + TimeSpan.FromTicks(1));
            Assert.Null(bucket.Take());
        }
    }
}
