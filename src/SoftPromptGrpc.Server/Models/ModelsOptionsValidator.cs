using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.ModelFormats.Hub;

namespace SoftPromptGrpc.Server.Models;

/// <summary>Names the keys that are wrong, all of them; never the paths.</summary>
internal sealed class ModelsOptionsValidator : IValidateOptions<ModelsOptions>
{
    private const string HubForm = "must be hf://owner/name or hf://owner/name@revision.";

    public ValidateOptionsResult Validate(string? name, ModelsOptions options)
    {
        var failures = new List<string>();
        if (options.Models.Count == 0)
            failures.Add("Models: there must be at least one model: Models:0:Id and Models:0:Path.");
        var ids = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < options.Models.Count; i++)
        {
            var (key, model) = ($"Models:{i}", options.Models[i]);
            var results = new List<ValidationResult>();
            Validator.TryValidateObject(model, new ValidationContext(model), results, validateAllProperties: true);
            failures.AddRange(results.Select(result => $"{key}:{result.MemberNames.First()}: {result.ErrorMessage}"));
            if (model.Id.Length > 0 && !ids.Add(model.Id))
                failures.Add($"{key}:Id: there already is a model '{model.Id}'.");
            if (model.Path.Length > 0 && !CheckpointDirectories.IsValid(model.Path))
                failures.Add($"{key}:Path: {(HubReference.IsMeantBy(model.Path) ? HubForm : "there is no such directory.")}");
        }
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
