using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>A family of decoder-only models.</summary>
internal interface IModelFamily : IFamily<DecoderSpec>;
