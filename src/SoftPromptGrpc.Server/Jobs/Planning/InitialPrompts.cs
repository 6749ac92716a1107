using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <summary>The prompt before the first step, in the five ways of the contract's Initialization.</summary>
internal sealed class InitialPrompts(IPromptStore prompts)
{
    private const string Field = "spec.initialization";

    /// <summary>Checks the request and pins the prompt to begin from to its version.</summary>
    /// <returns>Makes the prompt; to be called only if there was no violation.</returns>
    public async Task<Func<SoftPrompt>> PrepareAsync(
        Wire.TrainingSpec spec, BaseModel model, ContentEncoder encoder, PlannedData data, Violations violations,
        CancellationToken cancellationToken)
    {
        PromptInitializer Begin() => new(model, spec.VirtualTokens, spec.Seed);
        bool IsSpecial(int id) => model.Tokenizer?.IsSpecial(id) ?? false;
        var initialization = spec.Initialization;
        switch (initialization.KindCase)
        {
            case Wire.Initialization.KindOneofCase.Text:
                var text = encoder.NotEmpty(initialization.Text, $"{Field}.text");
                return () => Begin().FromText(text);
            case Wire.Initialization.KindOneofCase.ClassLabels:
                var labels = ClassLabels(initialization.ClassLabels, encoder, data);
                return () => Begin().ClassLabels(labels, IsSpecial);
            case Wire.Initialization.KindOneofCase.RandomUniform:
                return () => Begin().RandomUniform();
            case Wire.Initialization.KindOneofCase.FromPrompt:
                var prompt = await FindAsync(spec, model, violations, cancellationToken);
                return () => Begin().FromPrompt(prompt!);
            case Wire.Initialization.KindOneofCase.None or Wire.Initialization.KindOneofCase.SampledVocabulary:
                return () => Begin().SampledVocabulary(IsSpecial);
            default:
                throw new ArgumentOutOfRangeException(nameof(spec), initialization.KindCase, null);
        }
    }

    /// <summary>Without the end of sequence: it says nothing about a label.</summary>
    private static int[][] ClassLabels(Wire.ClassLabels requested, ContentEncoder encoder, PlannedData data)
    {
        if (requested.Labels.Count > 0)
            return [.. requested.Labels.Select((label, i) => encoder.NotEmpty(label, $"{Field}.class_labels.labels[{i}]"))];
        return [.. data.All.Select(e => e.Source.Target).Distinct().Select(target => encoder.NotEmpty(target, $"{Field}.class_labels"))];
    }

    /// <returns>Null after a violation.</returns>
    private async Task<SoftPrompt?> FindAsync(
        Wire.TrainingSpec spec, BaseModel model, Violations violations, CancellationToken cancellationToken)
    {
        const string From = $"{Field}.from_prompt";
        var reference = PromptReference.TryParse(spec.Initialization.FromPrompt);
        if (!violations.Require(reference is not null, From, "must be \"name\", \"name@version\" or \"name@alias\"") || violations.Any)
            return null;
        var record = await prompts.FindAsync(reference!, cancellationToken);
        spec.Initialization.FromPrompt = record.Reference.ToString();
        if (record.ModelFingerprint != model.Fingerprint)
        {
            throw new SoftPromptException(
                ErrorKind.Precondition,
                $"'{record.Reference}' was made for the model with fingerprint {record.ModelFingerprint}; '{model.Id}' has {model.Fingerprint}.")
            {
                Reason = "PROMPT_OF_ANOTHER_MODEL",
            };
        }
        violations.Require(
            record.VirtualTokens == spec.VirtualTokens, From, $"has {record.VirtualTokens} virtual tokens, not {spec.VirtualTokens}");
        var prompt = await prompts.LoadAsync(record, cancellationToken) as SoftPrompt;
        violations.Require(prompt is not null, From, "is a prefix: it has no rows to begin with");
        return prompt;
    }
}
