using Grpc.Reflection.V1Alpha;

namespace SoftPromptGrpc.EndToEnd.Tests.Hosting;

public sealed class ReflectionTests(RealServer server)
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ListServices_OverReflection_NamesEveryServiceThatAnswers()
    {
        using var call = new ServerReflection.ServerReflectionClient(server.Channel).ServerReflectionInfo(cancellationToken: _ct);
        await call.RequestStream.WriteAsync(new() { ListServices = "" }, _ct);
        Assert.True(await call.ResponseStream.MoveNext(_ct));
        var names = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name);

        Assert.Superset(
            new HashSet<string>
            {
                "grpc.health.v1.Health",
                "softprompt.v1.InferenceService",
                "softprompt.v1.ModelService",
                "softprompt.v1.PromptService",
                "softprompt.v1.TrainingService",
            },
            names.ToHashSet());
        await call.RequestStream.CompleteAsync();
    }
}
