using System.ComponentModel.DataAnnotations;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Models;

/// <summary>One entry of the "Models" list.</summary>
public sealed class ModelOptions
{
    private const string IdRule = "must be 1 to 100 of a-z, A-Z, 0-9, '.', '_', '/' and '-', beginning with a letter or digit.";

    /// <summary>What requests call the model.</summary>
    [Required]
    [RegularExpression(@"^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$", ErrorMessage = IdRule)]
    public string Id { get; set; } = "";

    /// <summary>The checkpoint's directory, in Hugging Face layout, or hf://owner/name[@revision].</summary>
    [Required]
    public string Path { get; set; } = "";

    /// <summary>What weights of 16 bits become in memory.</summary>
    public WeightMemory Weights { get; set; } = WeightMemory.Auto;

    /// <summary>In what the model is served.</summary>
    [EnumDataType(typeof(ServingPrecision))]
    public ServingPrecision Precision { get; set; } = ServingPrecision.Full;
}

/// <summary>Bound from the "Models" list and checked when the host starts.</summary>
public sealed class ModelsOptions
{
    public const string Section = "Models";

    public IList<ModelOptions> Models { get; } = [];
}
