using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests.Fakes;

public sealed class FakeInferenceService : InferenceService.InferenceServiceBase
{
    private int _inferCalls;

    public int InferCalls => _inferCalls;

    public List<int> BatchSizes { get; } = [];

    /// <summary>Receives the request and the number of the call, from 1.</summary>
    public Func<InferRequest, int, Generation> OnInfer { get; set; } = (request, _) => Echo(request);

    public Func<InferRequest, BatchInferRow> OnRow { get; set; } = request => new BatchInferRow { Generation = Echo(request) };

    public IReadOnlyList<StreamInferResponse> Stream { get; set; } = [];

    /// <summary>Each one refuses one stream.</summary>
    public Queue<RpcException> StreamRefusals { get; } = new();

    public Func<ScoreRequest, ScoreResponse> OnScore { get; set; } = _ => new ScoreResponse();

    public Func<ClassifyRequest, ClassifyResponse> OnClassify { get; set; } = _ => new ClassifyResponse();

    public Func<TokenizeRequest, TokenizeResponse> OnTokenize { get; set; } = _ => new TokenizeResponse();

    public override Task<InferResponse> Infer(InferRequest request, ServerCallContext context) =>
        Task.FromResult(new InferResponse { Generation = OnInfer(request, Interlocked.Increment(ref _inferCalls)) });

    public override Task<BatchInferResponse> BatchInfer(BatchInferRequest request, ServerCallContext context)
    {
        BatchSizes.Add(request.Requests.Count);
        return Task.FromResult(new BatchInferResponse { Rows = { request.Requests.Select(OnRow) } });
    }

    public override async Task StreamInfer(
        StreamInferRequest request, IServerStreamWriter<StreamInferResponse> responseStream, ServerCallContext context)
    {
        if (StreamRefusals.TryDequeue(out var refusal))
            throw refusal;
        foreach (var response in Stream)
            await responseStream.WriteAsync(response, context.CancellationToken);
    }

    public override Task<ScoreResponse> Score(ScoreRequest request, ServerCallContext context) => Task.FromResult(OnScore(request));

    public override Task<ClassifyResponse> Classify(ClassifyRequest request, ServerCallContext context) =>
        Task.FromResult(OnClassify(request));

    public override Task<TokenizeResponse> Tokenize(TokenizeRequest request, ServerCallContext context) =>
        Task.FromResult(OnTokenize(request));

    private static Generation Echo(InferRequest request) => new() { Text = $"<{request.Input?.Text}>", TokenIds = { 7, 8 } };
}
