using System.Security.Cryptography;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.ModelFormats.Adapters;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Prompts;

/// <param name="Template">Null: the one in the adapter's side file, else none.</param>
internal sealed record ImportSettings(
    string Model,
    string Name,
    Wire.AdapterFormat Format,
    IReadOnlyDictionary<string, string> Labels,
    TextTemplate? Template,
    int? Task = null)
{
    /// <inheritdoc cref="LegacyGemma"/>
    public bool ScaleLegacyGemma { get; init; }
}

/// <summary>Makes prompts of other people's adapters. Nothing in one is trusted.</summary>
internal sealed class AdapterImport(IModelCatalog models, PromptStore prompts)
{
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.Invalid"/>: the adapter; <see cref="ErrorKind.Precondition"/>: it is one
    /// for another model; <see cref="ErrorKind.NotFound"/>: the model.
    /// </exception>
    public async Task<PromptRecord> ImportAsync(ImportSettings settings, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (settings.Model.Length == 0 && models.Models.Count > 1)
            throw new SoftPromptException([new FieldViolation("header.model", "must be given: there are several models")]);
        var model = await models.GetAsync(settings.Model, cancellationToken);
        var adapter = ReadUntrusted(settings, content, model);
        Check(adapter, model);
        var origin = new Wire.ImportedOrigin
        {
            Format = settings.Format,
            ContentSha256 = Convert.ToHexStringLower(SHA256.HashData(content.Span)),
            BaseModelName = adapter.BaseModelName,
            AdapterConfig = adapter.Fields,
            ScaledLegacyGemma = settings.ScaleLegacyGemma && !adapter.Method.MakesPrefix(),
            Multitask = adapter.Tasks,
        };
        var template = settings.Template ?? adapter.SideFile.Template ?? TextTemplate.None;
        var prompt = new NewPrompt(settings.Name, model.Id, adapter.Prompt, template, settings.Labels, _ => Lineages.Imported(origin))
        {
            Method = adapter.Method,
            Trained = adapter.Trained,
        };
        return await prompts.AddAsync(prompt, cancellationToken);
    }

    private static Adapter ReadUntrusted(ImportSettings settings, ReadOnlyMemory<byte> content, BaseModel model)
    {
        try
        {
            return Read(settings, content, model);
        }
        catch (SoftPromptException e) when (e.Kind == ErrorKind.Corrupt)
        {
            // Nothing that this server keeps is damaged: the request is wrong.
            throw new SoftPromptException(ErrorKind.Invalid, e.Message, e) { Reason = "ADAPTER_CORRUPT" };
        }
    }

    private static Adapter Read(ImportSettings settings, ReadOnlyMemory<byte> content, BaseModel model)
    {
        if (settings.Format == Wire.AdapterFormat.Npy)
        {
            var array = NpyPrompt.Read(content.Span);
            var values = settings.ScaleLegacyGemma ? LegacyGemma.Convert(array.Values, model) : array.Values;
            var rows = new SoftPrompt(array.VirtualTokens, array.HiddenSize, values, model.Fingerprint);
            return new Adapter(rows, PromptMethod.PromptTuning, "", new SideFile(null, null));
        }
        var peft = PeftAdapterReader.ReadZip(content);
        if (settings.ScaleLegacyGemma && !peft.Config.Method.MakesPrefix()) // Keys and values were never multiplied.
            peft = peft with { Values = LegacyGemma.Convert(peft.Values, model) };
        var sideFile = SideFile.Read(peft.SideFile);
        var task = settings.Task ?? sideFile.Task;
        return new Adapter(peft.ToPrompt(model.Fingerprint, task), peft.Config.Method, peft.Config.BaseModelName ?? "", sideFile)
        {
            Fields = ExtraFields.Write(Fields(peft.Config, sideFile)),
            Trained = Trained(peft, model),
            Tasks = peft.Tasks is { } tasks ? new() { TaskCount = tasks.Count, Rank = tasks.Rank, Task = task ?? 0 } : null,
        };
    }

    /// <summary>The file's own, then what an export of ours kept beside it.</summary>
    private static Dictionary<string, string> Fields(PeftPromptConfig config, SideFile sideFile)
    {
        var fields = config.Fields.Concat(config.UnknownFields).ToDictionary(StringComparer.Ordinal);
        foreach (var (name, value) in sideFile.Fields)
            fields.TryAdd(name, value);
        return fields;
    }

    /// <summary>What the adapter holds beyond the prompt that is served.</summary>
    private static TrainablePrompt? Trained(PeftAdapter adapter, BaseModel model)
    {
        var stored = new TrainableTensor("embedding.weight", adapter.Values);
        TrainableTensor[] tensors = adapter switch
        {
            { Tasks: { } tasks } =>
                [stored, new(MultitaskPromptTuning.Columns, tasks.Columns), new(MultitaskPromptTuning.Rows, tasks.Rows)],
            { Config.IsDealt: true } => [stored],
            _ => [],
        };
        return tensors.Length == 0 ? null : new TrainablePrompt(adapter.Config.VirtualTokens, tensors, model.Fingerprint);
    }

    private static void Check(Adapter adapter, BaseModel model)
    {
        ModelMatch.RequireFit("The adapter", adapter.Prompt, model);
        if (adapter.SideFile.ModelFingerprint is { } fingerprint)
            ModelMatch.RequireFingerprint("The adapter", fingerprint, model);
        if (adapter.Prompt.VirtualTokens >= model.Spec.ContextLength)
        {
            throw new SoftPromptException(
                ErrorKind.Invalid,
                $"The adapter's {adapter.Prompt.VirtualTokens} virtual tokens fill the context of {model.Spec.ContextLength}.");
        }
    }

    private sealed record Adapter(ServedPrompt Prompt, PromptMethod Method, string BaseModelName, SideFile SideFile)
    {
        public string Fields { get; init; } = "";

        public TrainablePrompt? Trained { get; init; }

        public Wire.MultitaskOptions? Tasks { get; init; }
    }
}
