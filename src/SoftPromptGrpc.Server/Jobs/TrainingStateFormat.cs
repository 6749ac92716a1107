using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Prompts;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>A training state as the bytes of a checkpoint, and back without the loss of a bit.</summary>
internal static class TrainingStateFormat
{
    private const byte Version = 2;

    public static byte[] Write(TrainingState state)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Version);
        writer.Write(state.Step);
        writer.Write(state.Prompt.ModelFingerprint);
        writer.Write(state.Prompt.VirtualTokens);
        writer.WriteTensors(state.Prompt);
        writer.Write(state.Optimizer.Count);
        foreach (var (name, values) in state.Optimizer.OrderBy(moments => moments.Key, StringComparer.Ordinal))
        {
            writer.Write(name);
            writer.WriteValues(values);
        }
        Write(writer, state.Best, writer.WriteTensors);
        writer.Write(state.BestStep);
        Write(writer, state.BestResult, result => Write(writer, result));
        writer.Write(state.EvaluationsSinceBest);
        Write(writer, state.Baseline, baseline =>
        {
            Write(writer, baseline.NoPrompt);
            Write(writer, baseline.TextPrompt, result => Write(writer, result));
        });
        writer.Write(state.LastLoss);
        writer.Flush();
        return bytes.ToArray();
    }

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Corrupt"/>.</exception>
    public static TrainingState Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes, writable: false));
        try
        {
            if (reader.ReadByte() != Version)
                throw Corrupt();
            return Read(reader);
        }
        catch (Exception error) when (error is IOException or ArgumentException or FormatException)
        {
            throw Corrupt(error);
        }
    }

    private static TrainingState Read(BinaryReader reader)
    {
        var step = reader.ReadInt32();
        var fingerprint = reader.ReadString();
        var virtualTokens = reader.ReadInt32();
        TrainablePrompt Prompt() => new(virtualTokens, reader.ReadTensors(), fingerprint);
        var prompt = Prompt();
        var moments = new Dictionary<string, float[]>(StringComparer.Ordinal);
        for (var count = reader.ReadInt32(); moments.Count < count;)
            moments.Add(reader.ReadString(), reader.ReadValues());
        return new TrainingState(
            step,
            prompt,
            moments,
            Best: ReadOptional(reader, Prompt),
            BestStep: reader.ReadInt32(),
            BestResult: ReadOptional(reader, () => ReadResult(reader)),
            EvaluationsSinceBest: reader.ReadInt32(),
            Baseline: ReadOptional(reader, () => new BaselineDone(ReadResult(reader), ReadOptional(reader, () => ReadResult(reader)))),
            LastLoss: reader.ReadDouble());
    }

    private static void Write<T>(BinaryWriter writer, T? value, Action<T> write) where T : class
    {
        writer.Write(value is not null);
        if (value is not null)
            write(value);
    }

    private static T? ReadOptional<T>(BinaryReader reader, Func<T> read) where T : class => reader.ReadBoolean() ? read() : null;

    private static void Write(BinaryWriter writer, EvaluationResult result)
    {
        writer.Write(result.Loss);
        writer.Write(result.ExactMatch);
        writer.Write(result.Accuracy.HasValue);
        writer.Write(result.Accuracy ?? 0);
        writer.Write(result.Examples);
    }

    private static EvaluationResult ReadResult(BinaryReader reader)
    {
        var (loss, exactMatch) = (reader.ReadDouble(), reader.ReadDouble());
        var (hasAccuracy, accuracy) = (reader.ReadBoolean(), reader.ReadDouble());
        return new EvaluationResult(loss, exactMatch, hasAccuracy ? accuracy : null, reader.ReadInt32());
    }

    private static SoftPromptException Corrupt(Exception? inner = null) =>
        new(ErrorKind.Corrupt, "A checkpoint of this job does not parse.", inner);
}
