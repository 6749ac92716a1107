using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Grpc.Core;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Fuzzing;

/// <summary>The whole server in memory over a small model. Jobs end at once: they are not what is looked at.</summary>
internal sealed class FuzzServer : WebApplicationFactory<ServerOptions>
{
    /// <summary>Calls that take longer are given up, as any client might.</summary>
    private const string Timeout = "500m";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("softprompt-fuzz-");
    private HttpMessageInvoker? _client;

    /// <summary>Sends messages as they are, in gRPC's frames.</summary>
    public StatusCode Call(string path, IEnumerable<byte[]> messages)
    {
        _client ??= new HttpMessageInvoker(Server.CreateHandler());
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Server.BaseAddress, path))
        {
            Version = HttpVersion.Version20,
            Content = new ByteArrayContent([.. messages.SelectMany(Frame)]) { Headers = { ContentType = new("application/grpc") } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.Add("grpc-timeout", Timeout);
        return SendAsync(_client, request).GetAwaiter().GetResult();
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        var model = _directory.CreateSubdirectory("model");
        foreach (var file in Directory.EnumerateFiles(Goldens.Directory("models/gpt2"))
            .Concat(Directory.EnumerateFiles(Goldens.Directory("tokenizers/gpt2_style_320"))))
        {
            File.Copy(file, Path.Combine(model.FullName, Path.GetFileName(file)), overwrite: true);
        }
        builder.UseSetting("Server:DataDirectory", Path.Combine(_directory.FullName, "data"));
        builder.UseSetting("Models:0:Id", "m");
        builder.UseSetting("Models:0:Path", model.FullName);
        builder.ConfigureLogging(logging => logging.ClearProviders());
        builder.ConfigureServices(services =>
        {
            services.RemoveAll<ITrainingBackend>();
            services.AddSingleton<ITrainingBackend, NoTraining>();
        });
    }

    private static async Task<StatusCode> SendAsync(HttpMessageInvoker client, HttpRequestMessage request)
    {
        try
        {
            using var response = await client.SendAsync(request, default);
            await response.Content.LoadIntoBufferAsync();
            return StatusOf(response.TrailingHeaders) ?? StatusOf(response.Headers) ?? StatusCode.Unknown;
        }
        catch (Exception exception) when (exception is OperationCanceledException || exception.GetBaseException().GetType().Name == "HttpResetTestException")
        {
            return StatusCode.DeadlineExceeded; // The server resets the call where its time is up.
        }
    }

    private static StatusCode? StatusOf(HttpHeaders headers) =>
        headers.TryGetValues("grpc-status", out var values) ? (StatusCode)int.Parse(values.First(), CultureInfo.InvariantCulture) : null;

    private static byte[] Frame(byte[] message)
    {
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private sealed class NoTraining : ITrainingBackend
    {
        public string Name => "torch";

        public bool Supports(ModelSpec spec) => true;

        public long EstimatePeakBytes(BaseModel model, BatchShape batch) => 0;

        public Task<TrainedPrompt> TrainAsync(
            TrainingPlan plan, TrainingState? state, IProgress<TrainingEvent> progress, CancellationToken cancellationToken) =>
            throw new SoftPromptException(ErrorKind.Unsupported, "Nothing is trained here.");
    }
}
