using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>
/// A Hugging Face <c>model_type</c>: what its config.json means, and where its checkpoints hold the canonical tensors. Whatever a
/// <see cref="DecoderSpec"/> cannot say exactly is <see cref="ErrorKind.Unsupported"/>, never approximated.
/// </summary>
internal interface IModelFamily
{
    string ModelType { get; }

    /// <summary>Stands before most tensor names, but not in checkpoints saved without their output head.</summary>
    string Prefix { get; }

    DecoderSpec ReadSpec(ConfigReader config);

    /// <summary>Where a canonical tensor comes from; the source is named without <see cref="Prefix"/>.</summary>
    TensorRecipe Locate(DecoderSpec spec, TensorName name);
}
