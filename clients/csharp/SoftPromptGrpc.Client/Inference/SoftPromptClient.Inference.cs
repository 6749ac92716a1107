using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client;

public sealed partial class SoftPromptClient
{
    /// <param name="prompt">A reference such as "sentiment" or "sentiment@3"; empty: no prompt.</param>
    public Task<Generation> InferAsync(string prompt, string input, CancellationToken cancellationToken) =>
        InferAsync(Request(prompt, input), cancellationToken);

    public async Task<Generation> InferAsync(InferRequest request, CancellationToken cancellationToken) =>
        (await CallAsync(_inference.InferAsync, request, cancellationToken)).Generation;

    /// <param name="prompt">A reference such as "sentiment" or "sentiment@3"; empty: no prompt.</param>
    public IAsyncEnumerable<StreamInferResponse> StreamInferAsync(string prompt, string input, CancellationToken cancellationToken) =>
        StreamInferAsync(Request(prompt, input), cancellationToken);

    /// <summary>Chunks as they come, then one finish. Ending the enumeration early ends the generation.</summary>
    public IAsyncEnumerable<StreamInferResponse> StreamInferAsync(InferRequest request, CancellationToken cancellationToken) => StreamAsync(
        () => _inference.StreamInfer(new StreamInferRequest { Request = request }, cancellationToken: cancellationToken), cancellationToken);

    /// <param name="prompt">A reference such as "sentiment" or "sentiment@3"; empty: no prompt.</param>
    public Task<IReadOnlyList<BatchInferRow>> BatchInferAsync(
        string prompt, IEnumerable<string> inputs, CancellationToken cancellationToken) =>
        BatchInferAsync(inputs.Select(input => Request(prompt, input)), cancellationToken);

    /// <summary>One row for each request, in their order; a bad row fails alone.</summary>
    /// <param name="requests">1 to 1024.</param>
    public async Task<IReadOnlyList<BatchInferRow>> BatchInferAsync(
        IEnumerable<InferRequest> requests, CancellationToken cancellationToken)
    {
        var batch = new BatchInferRequest();
        batch.Requests.AddRange(requests);
        return (await CallAsync(_inference.BatchInferAsync, batch, cancellationToken)).Rows;
    }

    /// <param name="prompt">A reference such as "sentiment" or "sentiment@3"; empty: no prompt.</param>
    public Task<ScoreResponse> ScoreAsync(
        string prompt, string input, IEnumerable<string> continuations, CancellationToken cancellationToken)
    {
        var request = new ScoreRequest { Prompt = prompt, Input = Contents.Text(input) };
        request.Continuations.AddRange(continuations.Select(Contents.Text));
        return ScoreAsync(request, cancellationToken);
    }

    public Task<ScoreResponse> ScoreAsync(ScoreRequest request, CancellationToken cancellationToken) =>
        CallAsync(_inference.ScoreAsync, request, cancellationToken);

    /// <summary>Probabilities of labels that are their own texts.</summary>
    /// <param name="prompts">References, whose probabilities are averaged; none: the model alone.</param>
    public Task<ClassifyResponse> ClassifyAsync(
        IEnumerable<string> prompts, string input, IEnumerable<string> labels, CancellationToken cancellationToken)
    {
        var request = new ClassifyRequest { Prompts = { prompts }, Input = Contents.Text(input) };
        request.Labels.AddRange(labels.Select(label => new ClassLabel { Content = Contents.Text(label) }));
        return ClassifyAsync(request, cancellationToken);
    }

    public Task<ClassifyResponse> ClassifyAsync(ClassifyRequest request, CancellationToken cancellationToken) =>
        CallAsync(_inference.ClassifyAsync, request, cancellationToken);

    public Task<TokenizeResponse> TokenizeAsync(string text, CancellationToken cancellationToken) =>
        TokenizeAsync(new TokenizeRequest { Content = Contents.Text(text) }, cancellationToken);

    public Task<TokenizeResponse> TokenizeAsync(TokenizeRequest request, CancellationToken cancellationToken) =>
        CallAsync(_inference.TokenizeAsync, request, cancellationToken);

    private static InferRequest Request(string prompt, string input) => new() { Prompt = prompt, Input = Contents.Text(input) };
}
