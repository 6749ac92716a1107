using System.Reflection;

namespace SoftPromptGrpc.EndToEnd.Tests;

/// <summary>Which of our projects may see which: arrows point down only.</summary>
public sealed class ArchitectureTests
{
    [Theory]
    [InlineData("Contracts")]
    [InlineData("Core")]
    [InlineData("ModelFormats", "Core")]
    [InlineData("Backends.Torch", "Core", "ModelFormats")]
    [InlineData("Backends.OnnxRuntime", "Core", "ModelFormats")]
    [InlineData("Server", "Contracts", "Core", "ModelFormats", "Backends.Torch", "Backends.OnnxRuntime")]
    [InlineData("Client", "Contracts")]
    public void Project_ReferencesOnlyWhatIsBelowIt(string project, params string[] allowed)
    {
        var references = Load(project).GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => name.StartsWith("SoftPromptGrpc.", StringComparison.Ordinal))
            .Select(name => name["SoftPromptGrpc.".Length..]);

        Assert.Empty(references.Except(allowed));
    }

    [Theory]
    [InlineData("Grpc")]
    [InlineData("Google.Protobuf")]
    [InlineData("TorchSharp")]
    [InlineData("Microsoft.ML.OnnxRuntime")]
    [InlineData("Microsoft.EntityFrameworkCore")]
    [InlineData("Microsoft.AspNetCore")]
    public void Core_KnowsNothingOf(string library)
    {
        var references = Load("Core").GetReferencedAssemblies().Select(reference => reference.Name!);

        Assert.DoesNotContain(references, name => name.StartsWith(library, StringComparison.Ordinal));
    }

    private static Assembly Load(string project) => Assembly.Load($"SoftPromptGrpc.{project}");
}
