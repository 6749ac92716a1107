namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>One file of an export, as its marker lists it.</summary>
/// <param name="Name">Within the export's directory.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Sha256">In lower-case hexadecimal.</param>
internal sealed record ExportedFile(string Name, long Length, string Sha256);
