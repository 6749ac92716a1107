using System.Buffers.Binary;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Fuzzing.Targets;

/// <summary>
/// Calls of every method of the contract: a byte for the method, then the message as it goes over the wire or, where the client streams,
/// messages with two bytes of length before each. What the server answers must be a status that says something.
/// </summary>
internal sealed class RequestsTarget : IFuzzTarget
{
    private static readonly MethodDescriptor[] Methods =
    [
        .. new[]
        {
            InferenceService.Descriptor, TrainingService.Descriptor, PromptService.Descriptor, DatasetService.Descriptor, ModelService.Descriptor,
        }.SelectMany(service => service.Methods),
    ];

    private readonly Lazy<FuzzServer> _server = new(() => new FuzzServer());

    public string Name => "requests";

    public IReadOnlyList<byte[]> Seeds { get; } = [.. Messages().Select(call => Encode(call.Method, call.Messages))];

    public bool Read(byte[] bytes)
    {
        if (bytes.Length == 0)
            return false;
        var method = Methods[bytes[0] % Methods.Length];
        IReadOnlyList<byte[]> messages = method.IsClientStreaming ? Split(bytes.AsSpan(1)) : [bytes[1..]];
        var status = _server.Value.Call($"/{method.Service.FullName}/{method.Name}", messages);
        return status is StatusCode.Internal or StatusCode.Unknown or StatusCode.DataLoss
            ? throw new InvalidOperationException($"{method.FullName} answered {status}.")
            : status == StatusCode.OK;
    }

    private static IEnumerable<(string Method, IMessage[] Messages)> Messages()
    {
        var content = """{"text":"The soup was cold."}""";
        var ids = """{"tokenIds":{"ids":[5,6,7]}}""";
        yield return One<InferRequest>("Infer", $$$"""
            {"input":{{{content}}},"generation":{"temperature":0.7,"topK":5,"topP":0.9,"minP":0.01,"repetitionPenalty":1.1,"stopTexts":["."],
            "stopTokenIds":[{"ids":[3]}],"maxNewTokens":8,"minNewTokens":1,"seed":"7"},"output":{"logProbabilities":true,"topAlternatives":3}}
            """);
        yield return One<StreamInferRequest>("StreamInfer", $$$"""{"request":{"input":{{{ids}}},"generation":{"maxNewTokens":4},"priority":1}}""");
        yield return One<BatchInferRequest>("BatchInfer", $$$"""{"requests":[{"input":{{{content}}}},{"input":{{{ids}}},"prompt":"a@1"}]}""");
        yield return One<ScoreRequest>("Score", $$$"""{"input":{{{content}}},"continuations":[{{{ids}}},{{{content}}}]}""");
        yield return One<ClassifyRequest>(
            "Classify", $$$"""{"input":{{{content}}},"labels":[{"name":"yes","content":{{{ids}}}},{"name":"no","content":{{{content}}}}]}""");
        yield return One<TokenizeRequest>("Tokenize", $$$"""{"content":{{{content}}}}""");
        yield return One<TrainPromptRequest>("TrainPrompt", $$$"""
            {"requestId":"r","spec":{"prompt":"p","virtualTokens":4,"examples":{"examples":[{"input":{{{content}}},"target":{{{ids}}}}]},"steps":3,
            "batchSize":1,"seed":"1","labels":{"team":"a"},"checkpointInterval":2,"maxDuration":"5s"}}
            """);
        yield return One<WatchTrainingJobRequest>("WatchTrainingJob", """{"job":"j","afterSequence":"3"}""");
        yield return One<ListTrainingJobsRequest>("ListTrainingJobs", """{"pageSize":3}""");
        yield return One<ListPromptsRequest>("ListPrompts", """{"pageSize":3,"filter":"model = \"m\" AND labels.team = \"a\"","orderBy":"name"}""");
        yield return One<GetPromptRequest>("GetPrompt", """{"prompt":"a@1"}""");
        yield return One<UpdatePromptRequest>("UpdatePrompt", """{"prompt":"a@1"}""");
        yield return One<FindSimilarPromptsRequest>("FindSimilarPrompts", """{"prompt":"a@1"}""");
        yield return One<ListModelsRequest>("ListModels", "{}");
        yield return ("ImportPrompt", [
            Parse<ImportPromptRequest>("""{"header":{"prompt":"imported"}}"""),
            new ImportPromptRequest
            {
                Chunk = ByteString.CopyFrom(AdapterTarget.Zip(
                    System.IO.Compression.CompressionLevel.Fastest, Goldens.Directory("peft/gpt2/prompt_tuning_random"))),
            },
        ]);
        yield return ("UploadDataset", [
            Parse<UploadDatasetRequest>("""{"header":{"displayName":"d","format":"DATASET_FORMAT_JSONL"}}"""),
            new UploadDatasetRequest { Chunk = ByteString.CopyFromUtf8("""{"input":"a","target":"b"}""" + "\n") },
        ]);
        // And each method with a message that says nothing.
        foreach (var method in Methods)
            yield return (method.Name, [method.InputType.Parser.ParseFrom([])]);
    }

    private static (string, IMessage[]) One<T>(string method, string json)
        where T : IMessage, new() => (method, [Parse<T>(json)]);

    /// <summary>Without what the contract no longer or not yet has: a seed need not be perfect.</summary>
    private static T Parse<T>(string json)
        where T : IMessage, new() => new JsonParser(JsonParser.Settings.Default.WithIgnoreUnknownFields(true)).Parse<T>(json);

    private static byte[] Encode(string name, IMessage[] messages)
    {
        var index = Array.FindIndex(Methods, method => method.Name == name);
        using var bytes = new MemoryStream();
        bytes.WriteByte((byte)index);
        foreach (var message in messages.Select(message => message.ToByteArray()))
        {
            if (Methods[index].IsClientStreaming)
                bytes.Write([(byte)(message.Length >> 8), (byte)message.Length]);
            bytes.Write(message);
        }
        return bytes.ToArray();
    }

    private static List<byte[]> Split(ReadOnlySpan<byte> bytes)
    {
        var messages = new List<byte[]>();
        while (bytes.Length >= 2)
        {
            var length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(bytes), bytes.Length - 2);
            messages.Add(bytes.Slice(2, length).ToArray());
            bytes = bytes[(2 + length)..];
        }
        return messages;
    }
}
