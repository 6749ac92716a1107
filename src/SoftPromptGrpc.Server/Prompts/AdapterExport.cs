using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.ModelFormats.Adapters;
using SoftPromptGrpc.Server.Grpc;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Prompts;

/// <param name="FileName">Suits the content, such as "sentiment-3.zip".</param>
internal sealed record ExportedAdapter(PromptRecord Prompt, string FileName, ReadOnlyMemory<byte> Content);

/// <summary>Writes prompts in other tools' formats.</summary>
internal sealed class AdapterExport(IModelCatalog models, PromptStore prompts)
{
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<ExportedAdapter> ExportAsync(PromptReference reference, Wire.AdapterFormat format, CancellationToken cancellationToken)
    {
        var record = await prompts.FindAsync(reference, cancellationToken);
        var prompt = await prompts.LoadAsync(record, cancellationToken);
        using var content = new MemoryStream();
        if (format != Wire.AdapterFormat.Npy)
            PeftAdapterWriter.WriteZip(ToPeft(record, prompt), content);
        else if (prompt is SoftPrompt rows)
            NpyPrompt.Write(rows, content);
        else
            throw new SoftPromptException(ErrorKind.Unsupported, $"'{record.Reference}' is a prefix: this format holds rows only.");
        var extension = format == Wire.AdapterFormat.Npy ? "npy" : "zip";
        return new ExportedAdapter(record, $"{record.Name}-{record.Version}.{extension}", content.ToArray());
    }

    private PeftAdapter ToPeft(PromptRecord record, ServedPrompt prompt)
    {
        var spec = models.Models.FirstOrDefault(m => m.Model?.Fingerprint == record.ModelFingerprint)?.Model?.Spec;
        var message = record.ToMessage();
        var importedFrom = message.Lineage.Imported?.BaseModelName;
        var adapter = PeftExports.Of(
            record.Method, prompt, message.Lineage.Trained?.Spec, spec, string.IsNullOrEmpty(importedFrom) ? record.ModelId : importedFrom);
        // A multitask prompt leaves as one task, whatever it came as.
        var kept = record.Method == PromptMethod.MultitaskPromptTuning ? null : message.Lineage.Imported?.AdapterConfig;
        var config = adapter.Config with { MethodFields = ExtraFields.Restore(adapter.Config.MethodFields, kept) };
        return adapter with { Config = config, SideFile = SideFile.Write(message) };
    }
}
