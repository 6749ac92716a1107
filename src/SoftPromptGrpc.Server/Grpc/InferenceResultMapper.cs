using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Inference;
using FinishReason = SoftPromptGrpc.Contracts.V1.FinishReason;
using Usage = SoftPromptGrpc.Contracts.V1.Usage;

namespace SoftPromptGrpc.Server.Grpc;

/// <summary>Results of inference to messages.</summary>
internal static class InferenceResultMapper
{
    public static Generation ToGeneration(this GenerationResult result) => new()
    {
        Text = result.Text,
        TokenIds = { result.Tokens.Select(token => (uint)token.Id) },
        Tokens = { result.Tokens.ToDetails(result.Usage.Target.Model.Tokenizer) },
        FinishReason = result.End.Reason.ToMessage(),
        StopText = result.End.StopText,
        Usage = result.Usage.ToMessage(),
    };

    public static StreamInferResponse ToResponse(this GenerationPiece piece) => piece switch
    {
        PartPiece { Part: var part } some => new StreamInferResponse
        {
            Chunk = new GenerationChunk
            {
                Text = part.Text,
                TokenIds = { part.Tokens.Select(token => (uint)token.Id) },
                Tokens = { part.Tokens.ToDetails(some.Tokenizer) },
            },
        },
        EndPiece end => new StreamInferResponse
        {
            Finish = new GenerationFinish
            {
                FinishReason = end.End.Reason.ToMessage(),
                StopText = end.End.StopText,
                Usage = end.Usage.ToMessage(),
            },
        },
        _ => throw new ArgumentOutOfRangeException(nameof(piece)),
    };

    public static BatchInferRow ToRow(this GenerationOutcome outcome)
    {
        if (outcome.Result is { } result)
            return new BatchInferRow { Generation = result.ToGeneration() };
        var status = ErrorStatus.Of(outcome.Error!);
        return new BatchInferRow
        {
            Error = new RowError
            {
                Code = status.Code,
                Message = status.Message,
                Reason = status.GetDetail<ErrorInfo>()?.Reason ?? "",
                Violations =
                {
                    (status.GetDetail<BadRequest>()?.FieldViolations ?? []).Select(
                        violation => new FieldViolation { Field = violation.Field, Description = violation.Description }),
                },
            },
        };
    }

    public static ScoreResponse ToResponse(this ScoreResult result) => new()
    {
        Continuations = { result.Continuations.Select(ToMessage) },
        Usage = result.Usage.ToMessage(),
    };

    public static ClassifyResponse ToResponse(this ClassifyResult result) => new()
    {
        Labels =
        {
            result.Labels.Select(label => new LabelProbability
            {
                Name = label.Name,
                Probability = label.Probability,
                LogProbability = label.LogProbability,
            }),
        },
        Agreement = result.Agreement,
        Usage = result.Usage.ToMessage(),
    };

    public static TokenizeResponse ToResponse(this TokenizeResult result) => new()
    {
        TokenIds = { result.Ids.Select(id => (uint)id) },
        Tokens = { result.Tokenizer is { } tokenizer ? result.Ids.Select(id => tokenizer.TokenOf(id) ?? "") : [] },
        Text = result.Text,
        SoftPromptTokens = result.Target.VirtualTokens,
        ContextLength = result.Target.Model.Spec.ContextLength,
    };

    private static ScoredContinuation ToMessage(ScoredTokens scored)
    {
        var sum = scored.LogProbabilities.Sum();
        return new ScoredContinuation
        {
            TokenIds = { scored.Tokens.Select(id => (uint)id) },
            TokenLogProbabilities = { scored.LogProbabilities },
            LogProbability = sum,
            MeanLogProbability = sum / scored.Tokens.Count,
            IsGreedy = scored.IsGreedy,
        };
    }

    private static Usage ToMessage(this Inference.Usage usage)
    {
        var message = new Usage
        {
            InputTokens = usage.InputTokens,
            SoftPromptTokens = usage.Target.VirtualTokens,
            OutputTokens = usage.OutputTokens,
            QueueTime = Duration.FromTimeSpan(usage.Times.Queue),
            PrefillTime = Duration.FromTimeSpan(usage.Times.Prefill),
            DecodeTime = Duration.FromTimeSpan(usage.Times.Decode),
            Prompt = usage.Target.PromptName,
            Model = usage.Target.Model.Id,
        };
        if (usage.Seed is { } seed)
            message.Seed = seed;
        return message;
    }

    /// <summary>None where log-probabilities were not asked for.</summary>
    private static IEnumerable<TokenDetail> ToDetails(this IEnumerable<OutputToken> tokens, ITokenizer? tokenizer)
    {
        foreach (var token in tokens)
        {
            if (token.LogProbability is not { } logProbability)
                continue;
            var detail = new TokenDetail { TokenId = (uint)token.Id, Token = Spell(token.Id, tokenizer), LogProbability = logProbability };
            foreach (var (id, otherLogProbability) in token.Alternatives)
            {
                detail.Alternatives.Add(
                    new TokenAlternative { TokenId = (uint)id, Token = Spell(id, tokenizer), LogProbability = otherLogProbability });
            }
            yield return detail;
        }
    }

    private static string Spell(int id, ITokenizer? tokenizer) => tokenizer?.TokenOf(id) ?? "";

    private static FinishReason ToMessage(this Batching.FinishReason reason) => reason switch
    {
        Batching.FinishReason.EndOfSequence => FinishReason.EndOfSequence,
        Batching.FinishReason.Stop => FinishReason.Stop,
        Batching.FinishReason.Length => FinishReason.Length,
        Batching.FinishReason.ContextFull => FinishReason.ContextFull,
        Batching.FinishReason.Cancelled => FinishReason.Cancelled,
    };
}
