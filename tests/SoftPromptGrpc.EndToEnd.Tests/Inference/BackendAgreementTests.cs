using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Inference;

/// <summary>
/// The backends have no code in common but the spec: where they agree on settings that no golden model has, both are right.
/// </summary>
public sealed class BackendAgreementTests : IDisposable
{
    private const float Tolerance = 5e-5f;

    private readonly BackendServices _services = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(RandomSpecs.Names), MemberType = typeof(RandomSpecs))]
    public async Task Run_EverySetting_BackendsGiveTheSameLogits(string name)
    {
        var spec = RandomSpecs.Get(name);
        var tokens = RandomModel.Tokens(spec, 40, seed: 5);
        foreach (var prompt in new ServedPrompt?[] { null, RandomModel.Prompt(spec, 4, seed: 6), RandomModel.Prefix(spec, 11, seed: 7) })
        {
            var logits = new List<List<float[]>>();
            foreach (var backend in _services.All<IInferenceBackend>())
            {
                using var session = await backend.OpenAsync(RandomModel.Create(spec, name), _ct);
                logits.Add(Follow(session, prompt, tokens));
            }
            AssertClose(logits[0], logits[1]);
        }
    }

    public void Dispose() => _services.Dispose();

    /// <summary>30 tokens at once, then one by one.</summary>
    private static List<float[]> Follow(IInferenceSession session, ServedPrompt? prompt, int[] tokens)
    {
        using var sequence = session.Open(prompt, (prompt?.VirtualTokens ?? 0) + tokens.Length);
        var logits = new List<float[]>();
        var first = session.Run([new(sequence, tokens.AsMemory(0, 30), 30)]);
        for (var row = 0; row < 30; row++)
            logits.Add(first.Row(0, row).ToArray());
        for (var i = 30; i < tokens.Length; i++)
            logits.Add(session.Run([new(sequence, tokens.AsMemory(i, 1))]).Row(0, 0).ToArray());
        return logits;
    }

    private static void AssertClose(List<float[]> expected, List<float[]> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var row = 0; row < expected.Count; row++)
        {
            var tolerance = Tolerance * Math.Max(1, expected[row].Max(Math.Abs));
            for (var i = 0; i < expected[row].Length; i++)
                Assert.Equal(expected[row][i], actual[row][i], tolerance);
        }
    }
}
