using Google.Protobuf.Reflection;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Tests.Security;

public sealed class MethodScopesTests
{
    [Fact]
    public void Paths_AreExactlyTheContractsMethods()
    {
        var methods = typeof(InferenceService).Assembly.GetTypes()
            .Where(type => type.Name.EndsWith("Reflection", StringComparison.Ordinal))
            .Select(type => type.GetProperty("Descriptor")?.GetValue(null))
            .OfType<FileDescriptor>()
            .SelectMany(file => file.Services)
            .SelectMany(service => service.Methods)
            .Select(MethodScopes.Path)
            .ToList();

        Assert.True(methods.Count >= 26);
        Assert.Equal(methods.Order(), MethodScopes.Paths.Order());
    }

    [Theory]
    [InlineData("/softprompt.v1.PromptService/NoSuchMethod")]
    [InlineData("/softprompt.v1.promptservice/ListPrompts")]
    [InlineData("/metrics")]
    [InlineData("")]
    public void AnyOf_WhatIsNotInTheContract_IsTheAdministrators(string path)
    {
        Assert.Equal(Scopes.Admin, MethodScopes.AnyOf(path));
        Assert.False(MethodScopes.IsOpen(path));
    }

    [Theory]
    [InlineData("infer", true)]
    [InlineData("train, manage", true)]
    [InlineData("admin infer", true)]
    [InlineData("", false)]
    [InlineData("infer,root", false)]
    [InlineData("Infer", false)]
    public void AreNames_OfScopes_KnowsThem(string text, bool expected) => Assert.Equal(expected, ScopeNames.AreNames(text));
}
