using System.Text.Json;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats;
using Xunit;

namespace SoftPromptGrpc.Fixtures;

/// <summary>
/// Golden files by their path inside tests/fixtures, or else inside shared/goldens beside the repository. A test that asks for one
/// that is in neither is skipped.
/// </summary>
public static class Goldens
{
    /// <summary>
    /// How often transformers adds Falcon's ALiBi in its eager attention, with which the goldens were computed: in the mask and once
    /// more. Its default attention adds it once, as the paper does and as we do.
    /// </summary>
    private const int EagerFalconBiases = 2;

    public static string Repository { get; } = FindRepository();

    private static string Shared { get; } = Path.Combine(Repository, "..", "shared");

    /// <summary>A small trained model with its own goldens.json; only in shared/models.</summary>
    public static string Stories260K => SharedDirectory("models/stories260K");

    public static string Directory(string path) => Find(path, System.IO.Directory.Exists);

    public static string File(string path) => Find(path, System.IO.File.Exists);

    /// <summary>A folder beside the repository that is never part of it, such as "datasets/sms_spam".</summary>
    public static string SharedDirectory(string path)
    {
        var found = FindSharedDirectory(path);
        if (found is null)
            Assert.Skip($"shared/{path} is not beside the repository.");
        return found;
    }

    /// <summary>As <see cref="SharedDirectory"/>, but null where it is absent: for fixtures, which cannot be skipped.</summary>
    public static string? FindSharedDirectory(string path)
    {
        var found = Path.GetFullPath(Path.Combine(Shared, path));
        return System.IO.Directory.Exists(found) ? found : null;
    }

    public static JsonElement Json(string path)
    {
        using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(File(path)));
        return document.RootElement.Clone();
    }

    public static GoldenTensors Tensors(string path) => new(File(path));

    /// <summary>Loads a model that <see cref="CausalModels"/> names. The caller disposes its weights.</summary>
    public static BaseModel LoadModel(string name)
    {
        var model = ModelLoader.Load(name, CausalModels.DirectoryOf(name));
        return model.Spec is DecoderSpec { ModelType: "falcon", Alibi: { } alibi } spec
            ? model with { Spec = spec with { Alibi = alibi with { Scale = EagerFalconBiases * alibi.Scale } } }
            : model;
    }

    private static string Find(string path, Func<string, bool> exists)
    {
        var places = new[] { Path.Combine(Repository, "tests", "fixtures", path), Path.Combine(Shared, "goldens", path) };
        var found = Array.Find(places, p => exists(p));
        if (found is null)
            Assert.Skip($"Neither tests/fixtures nor shared/goldens has {path}.");
        return Path.GetFullPath(found);
    }

    private static string FindRepository()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(directory.FullName, "SoftPromptGrpc.sln")))
                return directory.FullName;
        }
        throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}
