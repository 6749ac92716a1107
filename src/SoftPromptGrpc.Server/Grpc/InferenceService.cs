using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Inference;

namespace SoftPromptGrpc.Server.Grpc;

internal sealed class InferenceService(
    Generations generations, Scoring scoring, Classification classification, Tokenization tokenization, ILogger<InferenceService> logger)
    : Contracts.V1.InferenceService.InferenceServiceBase
{
    public override async Task<InferResponse> Infer(InferRequest request, ServerCallContext context) => new()
    {
        Generation = (await generations.RunAsync(request.ToQuery(), context.CancellationToken)).ToGeneration(),
    };

    public override async Task StreamInfer(
        StreamInferRequest request, IServerStreamWriter<StreamInferResponse> responseStream, ServerCallContext context)
    {
        var query = (request.Request ?? new InferRequest()).ToQuery();
        await foreach (var piece in generations.StreamAsync(query, context.CancellationToken))
            await responseStream.WriteAsync(piece.ToResponse(), context.CancellationToken);
    }

    public override async Task<BatchInferResponse> BatchInfer(BatchInferRequest request, ServerCallContext context)
    {
        var outcomes = await generations.RunBatchAsync(request.ToQueries(), context.CancellationToken);
        foreach (var error in outcomes.Select(outcome => outcome.Error).OfType<Exception>().Where(ErrorStatus.IsDefect))
            logger.CallFailed(error, context.Method);
        return new BatchInferResponse { Rows = { outcomes.Select(outcome => outcome.ToRow()) } };
    }

    public override async Task<ScoreResponse> Score(ScoreRequest request, ServerCallContext context) =>
        (await scoring.ScoreAsync(request.ToQuery(), context.CancellationToken)).ToResponse();

    public override async Task<ClassifyResponse> Classify(ClassifyRequest request, ServerCallContext context) =>
        (await classification.ClassifyAsync(request.ToQuery(), context.CancellationToken)).ToResponse();

    public override async Task<TokenizeResponse> Tokenize(TokenizeRequest request, ServerCallContext context) =>
        (await tokenization.TokenizeAsync(request.ToQuery(), context.CancellationToken)).ToResponse();
}
