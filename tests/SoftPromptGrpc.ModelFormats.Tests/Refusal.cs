using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Tests;

/// <summary>What a reader may do with bytes of unknown origin.</summary>
internal static class Refusal
{
    /// <summary>The action fails as the kind says, and says why in few words and without a path.</summary>
    public static SoftPromptException Of(ErrorKind kind, Action action)
    {
        var error = Assert.Throws<SoftPromptException>(action);
        Assert.Equal(kind, error.Kind);
        Assert.InRange(error.Message.Length, 1, 300);
        Assert.DoesNotContain(Path.GetTempPath(), error.Message, StringComparison.Ordinal);
        return error;
    }

    /// <summary>Whether the action succeeds; any failure must be one that a hostile file may cause.</summary>
    public static bool OrSuccess(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (SoftPromptException e) when (e.Kind is ErrorKind.Corrupt or ErrorKind.Unsupported or ErrorKind.Invalid)
        {
            return false;
        }
    }
}
