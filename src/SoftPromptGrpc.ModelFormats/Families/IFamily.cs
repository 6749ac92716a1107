using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>
/// A Hugging Face <c>model_type</c>: what its config.json means, and where its checkpoints hold the canonical tensors. Whatever the
/// spec cannot say exactly is <see cref="ErrorKind.Unsupported"/>, never approximated.
/// </summary>
internal interface IFamily
{
    string ModelType { get; }

    /// <summary>Stands before most tensor names, but not in checkpoints saved without their output head.</summary>
    string Prefix { get; }

    ModelSpec ReadSpec(ConfigReader config);

    /// <summary>Where a canonical tensor comes from; the source is named without <see cref="Prefix"/>.</summary>
    TensorRecipe Locate(ModelSpec spec, TensorName name);
}

/// <summary>A family whose models have one kind of spec.</summary>
internal interface IFamily<TSpec> : IFamily
    where TSpec : ModelSpec
{
    /// <inheritdoc cref="IFamily.ReadSpec"/>
    new TSpec ReadSpec(ConfigReader config);

    /// <inheritdoc cref="IFamily.Locate"/>
    TensorRecipe Locate(TSpec spec, TensorName name);

    ModelSpec IFamily.ReadSpec(ConfigReader config) => ReadSpec(config);

    TensorRecipe IFamily.Locate(ModelSpec spec, TensorName name) => Locate((TSpec)spec, name);
}
