namespace SoftPromptGrpc.Fuzzing;

/// <summary>A reader of bytes that come from somebody else.</summary>
public interface IFuzzTarget
{
    string Name { get; }

    /// <summary>Inputs that are as they should be, to begin from.</summary>
    IReadOnlyList<byte[]> Seeds { get; }

    /// <summary>What this format's parts look like, for mutations to put in; may be empty.</summary>
    IReadOnlyList<byte[]> Tokens => [];

    /// <summary>Reads the bytes.</summary>
    /// <returns>Whether they were accepted.</returns>
    /// <exception cref="Exception">Anything but a refusal is a find.</exception>
    bool Read(byte[] bytes);
}
