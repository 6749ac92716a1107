using Microsoft.Extensions.Logging.Abstractions;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Export;

public sealed class ExportCacheTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly BaseModel _model = RandomModel.Create(RandomModel.Small);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetAsync_Twice_WritesOnce()
    {
        var path = await Cache().GetAsync(_model, MatrixFormat.Rows, _ct);
        var written = File.GetLastWriteTimeUtc(path);

        Assert.Equal(path, await Cache().GetAsync(_model, MatrixFormat.Rows, _ct));
        Assert.Equal(written, File.GetLastWriteTimeUtc(path));
        Assert.Equal($"feed-{DecoderExporter.Version}", new FileInfo(path).Directory!.Name);
    }

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("model.onnx.data")]
    [InlineData("complete.json")]
    public async Task GetAsync_FileChanged_WritesAgain(string name)
    {
        var file = Path.Combine(Path.GetDirectoryName(await Cache().GetAsync(_model, MatrixFormat.Rows, _ct))!, name);
        var sound = await File.ReadAllBytesAsync(file, _ct);
        var changed = (byte[])sound.Clone();
        changed[changed.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(file, changed, _ct);

        await Cache().GetAsync(_model, MatrixFormat.Rows, _ct);

        Assert.Equal(sound, await File.ReadAllBytesAsync(file, _ct));
    }

    [Theory]
    [InlineData("model.onnx")]
    [InlineData("model.onnx.data")]
    [InlineData("complete.json")]
    public async Task GetAsync_FileMissing_WritesAgain(string name)
    {
        var file = Path.Combine(Path.GetDirectoryName(await Cache().GetAsync(_model, MatrixFormat.Rows, _ct))!, name);
        File.Delete(file);

        await Cache().GetAsync(_model, MatrixFormat.Rows, _ct);

        Assert.True(File.Exists(file));
    }

    [Fact]
    public async Task GetAsync_LeftUnfinished_WritesAgainAndCleansUp()
    {
        var unfinished = Path.Combine(_directory.Path, $"feed-{DecoderExporter.Version}.unfinished");
        Directory.CreateDirectory(unfinished);
        await File.WriteAllTextAsync(Path.Combine(unfinished, "model.onnx"), "half", _ct);

        var path = await Cache().GetAsync(_model, MatrixFormat.Rows, _ct);

        Assert.True(new FileInfo(path).Length > 4);
        Assert.False(Directory.Exists(unfinished));
    }

    [Fact]
    public async Task GetAsync_OlderVersionThere_DeletesItOnceTheNewOneIsWritten()
    {
        var older = Path.Combine(_directory.Path, $"feed-{DecoderExporter.Version - 1}");
        var other = Path.Combine(_directory.Path, $"beef-{DecoderExporter.Version - 1}");
        Directory.CreateDirectory(older);
        Directory.CreateDirectory(other);
        await File.WriteAllTextAsync(Path.Combine(older, "model.onnx"), "old", _ct);
        await File.WriteAllTextAsync($"{older}.lock", "", _ct);

        await Cache().GetAsync(_model, MatrixFormat.Rows, _ct);

        Assert.False(Directory.Exists(older));
        Assert.False(File.Exists($"{older}.lock"));
        Assert.True(Directory.Exists(other));
    }

    [Fact]
    public async Task GetAsync_WeightsFailHalfway_LeavesNoEntry()
    {
        var failing = _model with { Weights = new FailingWeights(_model.Weights) };

        await Assert.ThrowsAsync<IOException>(() => Cache().GetAsync(failing, MatrixFormat.Rows, _ct));

        Assert.False(Directory.Exists(Path.Combine(_directory.Path, $"feed-{DecoderExporter.Version}")));
        Assert.True(File.Exists(await Cache().GetAsync(_model, MatrixFormat.Rows, _ct)));
    }

    [Fact]
    public async Task GetAsync_ManyAtOnce_AllGetTheSameEntry()
    {
        var paths = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Cache().GetAsync(_model, MatrixFormat.Rows, _ct), _ct)));

        Assert.Single(paths.Distinct());
        Assert.True(ExportMarker.Matches(Path.GetDirectoryName(paths[0])!));
    }

    public void Dispose() => _directory.Dispose();

    private ExportCache Cache() => new(_directory.Path, TimeProvider.System, NullLogger.Instance);

    private sealed class FailingWeights(IModelWeights weights) : IModelWeights
    {
        public IReadOnlyList<int> Shape(string name) => weights.Shape(name);

        public void Read(string name, Span<float> destination)
        {
            if (name == $"{DecoderTensors.FinalNorm}.weight")
                throw new IOException("The disk is gone.");
            weights.Read(name, destination);
        }

        public void ReadRow(string name, int row, Span<float> destination) => weights.ReadRow(name, row, destination);

        public void Dispose()
        {
        }
    }
}
