using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;
using SoftPromptGrpc.Backends.OnnxRuntime.Paged;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>Exports a model once, then serves it with ONNX Runtime.</summary>
internal sealed class OnnxInferenceBackend(
    IOptions<OnnxOptions> options, TimeProvider time, ILogger<OnnxInferenceBackend> logger) : IInferenceBackend
{
    private readonly ExportCache _exports = new(options.Value.CacheDirectory, time, logger);

    public string Name => "onnxruntime";

    public bool Supports(ModelSpec spec) => Expressible.Obstacle(spec) is null;

    public InferenceMemory EstimateMemory(BaseModel model)
    {
        var weights = model.Spec.CountParameters() * (model.ServingPrecision == ServingPrecision.EightBit ? sizeof(sbyte) : sizeof(float));
        var shape = model.Spec is EncoderDecoderSpec spec ? CacheShape.Of(spec) : CacheShape.Of((DecoderSpec)model.Spec);
        var isHalf = IsPaged && model.Spec is DecoderSpec && options.Value.CacheType == CacheType.Half;
        return new InferenceMemory(weights, isHalf ? shape.BytesPerPosition / 2 : shape.BytesPerPosition, Disk: weights);
    }

    public async Task<IInferenceSession> OpenAsync(BaseModel model, CancellationToken cancellationToken)
    {
        if (Expressible.Obstacle(model.Spec) is { } setting)
        {
            throw new SoftPromptException(
                ErrorKind.Unsupported, $"The backend '{Name}' does not implement {model.Spec.ModelType}: {setting}.");
        }
        var graphPath = await _exports.GetAsync(model, Format(model), cancellationToken);
        return await Task.Run(() => Open(model, graphPath), cancellationToken);
    }

    private IInferenceSession Open(BaseModel model, string graphPath)
    {
        var start = time.GetTimestamp();
        OnnxEnvironment.Open();
        using var sessionOptions = SessionOptions();
        if (DeviceName.Gpu(options.Value.Device) is { } gpu)
            sessionOptions.AppendExecutionProvider_CUDA(gpu); // Operators that it has no kernel for run on the processor.
        IInferenceSession session = model.Spec switch
        {
            EncoderDecoderSpec spec => new EncoderDecoderSession(
                model, graphPath, sessionOptions, options.Value.MaxSequences,
                outputs: Cache(CacheShape.Of(spec), share: 2), inputs: Cache(CacheShape.Of(spec), share: 2)),
            _ when IsPaged => new PagedSession(model, ExportCache.Paged(graphPath), sessionOptions, options.Value),
            var spec => new OnnxSession(model, graphPath, sessionOptions, options.Value, Cache(CacheShape.Of((DecoderSpec)spec), share: 1)),
        };
        logger.Opened(model.Id, time.GetElapsedTime(start), sessionOptions.IntraOpNumThreads, options.Value.MaxSequences);
        return session;
    }

    private bool IsPaged => options.Value.Engine switch
    {
        Engine.Auto => PagedAttention.IsFast && DeviceName.Gpu(options.Value.Device) is null,
        Engine.Standard => false,
        Engine.Paged => true,
    };

    /// <param name="share">How many caches divide the memory between them.</param>
    private KvCache Cache(CacheShape shape, int share) =>
        new(shape, options.Value.MaxSequences, options.Value.MaxCacheBytes / share, logger);

    private MatrixFormat Format(BaseModel model)
    {
        var isCpu = DeviceName.Gpu(options.Value.Device) is null;
        if (model.ServingPrecision == ServingPrecision.EightBit)
        {
            return isCpu ? MatrixFormat.Int8Panels
                : throw new SoftPromptException(ErrorKind.Unsupported, $"The backend '{Name}' has 8-bit weights on the device 'cpu' alone.");
        }
        return isCpu && options.Value.OwnOperators && FloatTiles.IsSupported ? MatrixFormat.Panels : MatrixFormat.Rows;
    }

    private SessionOptions SessionOptions()
    {
        var sessionOptions = new SessionOptions
        {
            IntraOpNumThreads = options.Value.IntraOpThreads == 0 ? Environment.ProcessorCount : options.Value.IntraOpThreads,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            // Shapes vary from step to step; ONNX Runtime would keep a plan for each it has seen.
            EnableMemoryPattern = false,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        OwnOperators.AddTo(sessionOptions);
        return sessionOptions;
    }
}
