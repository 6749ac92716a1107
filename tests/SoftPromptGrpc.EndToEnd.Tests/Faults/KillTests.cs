using System.Globalization;
using Grpc.Core;
using Microsoft.Data.Sqlite;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Faults;

/// <summary>
/// A server that is killed (SIGKILL) again and again while it trains, imports, moves aliases and deletes. What it acknowledged must be
/// there after every restart. SOFTPROMPT_KILLS says how often, SOFTPROMPT_SEED which moments.
/// </summary>
public sealed class KillTests : IDisposable
{
    private const int Writers = 3;

    private static readonly (string, string)[] Settings =
    [
        ("Models:0:Id", "m"), ("Models:0:Path", Goldens.Directory("models/gpt2")),
        ("Jobs:MaxCrashes", "1000"), // It is not the jobs that crash here.
    ];

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("softprompt-killed-");
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public async Task Kill_AtRandomMoments_LosesNothingAcknowledged()
    {
        var (kills, seed) = (Number("SOFTPROMPT_KILLS", 4), Number("SOFTPROMPT_SEED", 1));
        var random = new Random(seed);
        var trainer = new Trainer();
        var writers = await PrepareAsync(trainer, seed);

        for (var kill = 0; kill < kills; kill++)
            await RunUntilKilledAsync(trainer, writers, random);

        await using (var server = ServerProcess.Begin(_data, Settings))
        {
            await server.ListenAsync();
            await CheckAsync(server, trainer, writers);
            await trainer.FinishAsync(server, _ct);
            server.Terminate();
            Assert.Equal(0, await server.EndAsync());
        }
        Assert.Equal("ok", Integrity());
        Assert.True(writers.Sum(writer => writer.Acknowledged) > kills);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{kills} kills (seed {seed}): {writers.Sum(writer => writer.Acknowledged)} changes of prompts and {trainer.Finished} trainings "
            + $"acknowledged, {trainer.Resumed} continuations from a checkpoint; nothing lost, every training ended in its bits.");
    }

    [Fact]
    public async Task Kill_ThreeTimesWithoutACheckpoint_FailsTheJobAndSaysWhy()
    {
        (string, string)[] settings = [.. Settings[..2]];
        var job = "";
        for (var crash = 0; crash < 3; crash++)
        {
            await using var crashing = ServerProcess.Begin(_data, settings);
            await crashing.ListenAsync();
            job = crash == 0 ? await SubmitEndlessAsync(crashing) : job;
            await WaitForStepAsync(crashing, job);
            await crashing.KillAsync();
        }

        await using var server = ServerProcess.Begin(_data, settings);
        await server.ListenAsync();
        var client = new TrainingService.TrainingServiceClient(server.Channel);
        using var watch = client.WatchTrainingJob(new() { Job = job }, cancellationToken: _ct);
        var last = await watch.ResponseStream.ReadAllAsync(_ct).LastAsync(_ct);

        Assert.Contains("stopped 3 times", last.Event.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(TrainingJobState.Failed, (await client.GetTrainingJobAsync(new() { Job = job }, cancellationToken: _ct)).Job.State);
    }

    private async Task<RegistryWriter[]> PrepareAsync(Trainer trainer, int seed)
    {
        await using var server = ServerProcess.Begin(_data, Settings);
        await server.ListenAsync();
        await trainer.LearnAsync(server, _ct);
        var prompt = await new PromptService.PromptServiceClient(server.Channel).GetPromptAsync(new() { Prompt = "trained-0" }, cancellationToken: _ct);
        return [.. Enumerable.Range(0, Writers).Select(i => new RegistryWriter($"w{i}", prompt.Prompt.HiddenSize, new Random(seed + i)))];
    }

    /// <summary>One in five is killed while it starts.</summary>
    private async Task RunUntilKilledAsync(Trainer trainer, RegistryWriter[] writers, Random random)
    {
        await using var server = ServerProcess.Begin(_data, Settings);
        if (random.Next(5) == 0)
        {
            await Task.Delay(random.Next(2000), _ct);
            await server.KillAsync();
            return;
        }
        await server.ListenAsync();
        await CheckAsync(server, trainer, writers);
        Task[] work = [trainer.RunAsync(server, _ct), .. writers.Select(writer => writer.RunAsync(server, _ct))];
        await Task.WhenAny([Task.Delay(random.Next(2500), _ct), .. work]);
        await server.KillAsync();
        await Task.WhenAll(work);
    }

    private async Task CheckAsync(ServerProcess server, Trainer trainer, RegistryWriter[] writers)
    {
        await trainer.CheckAsync(server, _ct);
        foreach (var writer in writers)
            await writer.CheckAsync(server, _ct);
    }

    private string? Integrity()
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_data.FullName, "store.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        return command.ExecuteScalar()?.ToString();
    }

    private async Task<string> SubmitEndlessAsync(ServerProcess server)
    {
        Content ids = new() { TokenIds = new() { Ids = { 5, 6 } } };
        var spec = new TrainingSpec
        {
            Prompt = "p",
            Steps = 1_000_000,
            CheckpointInterval = 1_000_000,
            Examples = new() { Examples = { new Example { Input = ids, Target = ids } } },
            AppendEndOfSequence = false,
        };
        using var call = new TrainingService.TrainingServiceClient(server.Channel).TrainPrompt(new() { Spec = spec }, cancellationToken: _ct);
        await call.ResponseStream.MoveNext(_ct);
        return call.ResponseStream.Current.Event.Job;
    }

    /// <summary>Of this attempt.</summary>
    private async Task WaitForStepAsync(ServerProcess server, string job)
    {
        using var call = new TrainingService.TrainingServiceClient(server.Channel).WatchTrainingJob(new() { Job = job }, cancellationToken: _ct);
        await call.ResponseStream.ReadAllAsync(_ct)
            .Where(response => response.Event.Step is not null && response.Event.Time.ToDateTimeOffset() > server.StartTime)
            .FirstAsync(_ct);
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
