using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;

namespace SoftPromptGrpc.Server.Inference;

/// <summary>What a request runs on: a model, and a prompt that fits it or none.</summary>
internal sealed record Target(BaseModel Model, PromptRecord? Record, ServedPrompt? Prompt)
{
    public int VirtualTokens => Prompt?.VirtualTokens ?? 0;

    public TextTemplate Template => Record?.Template ?? TextTemplate.None;

    /// <summary>Something has to predict the first token: an input, or the hidden states of a prompt's rows.</summary>
    public void RequireInput(int[] input, Violations violations)
    {
        if (Prompt is KeyValuePrefix)
            violations.Require(violations.Any || input.Length > 0, "input", $"must have a token behind '{PromptName}', which is a prefix");
    }

    /// <summary>"name@version"; empty without a prompt.</summary>
    public string PromptName => Record?.Reference.ToString() ?? "";
}

internal sealed class TargetResolver(IModelCatalog models, IPromptStore prompts)
{
    /// <summary>Finds prompt and model, and waits until the model is loaded.</summary>
    /// <param name="violations">What is wrong with the request so far; thrown in place of what is not found.</param>
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.Invalid"/>, <see cref="ErrorKind.NotFound"/>, or <see cref="ErrorKind.Precondition"/> for a prompt of another
    /// base model.
    /// </exception>
    public async Task<Target> ResolveAsync(TargetQuery query, Violations violations, CancellationToken cancellationToken)
    {
        var reference = query.Prompt.Length == 0 ? null : PromptReference.TryParse(query.Prompt);
        violations.Require(reference is not null || query.Prompt.Length == 0, "prompt", PromptReference.Rule);
        try
        {
            var record = reference is null ? null : await prompts.FindAsync(reference, cancellationToken);
            var model = await models.GetAsync(query.Model.Length > 0 ? query.Model : record?.ModelId ?? "", cancellationToken);
            if (record is null)
                return new Target(model, null, null);
            ModelMatch.RequireFingerprint($"Prompt '{record.Reference}'", record.ModelFingerprint, model);
            var prompt = await prompts.LoadAsync(record, cancellationToken);
            ModelMatch.RequireFit($"Prompt '{record.Reference}'", prompt, model);
            return new Target(model, record, prompt);
        }
        catch (SoftPromptException exception) when (violations.Any)
        {
            foreach (var violation in exception.Violations)
                violations.Add(violation.Field, violation.Description);
            violations.ThrowIfAny();
            throw;
        }
    }
}
