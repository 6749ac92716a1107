using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
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
    public async Task<ExportedAdapter> ExportAsync(
        PromptReference reference, Wire.AdapterFormat format, CancellationToken cancellationToken)
    {
        var record = await prompts.FindAsync(reference, cancellationToken);
        var prompt = await prompts.LoadAsync(record, cancellationToken);
        using var content = new MemoryStream();
        if (format != Wire.AdapterFormat.Npy)
            PeftAdapterWriter.WriteZip(await ToPeftAsync(record, prompt, cancellationToken), content);
        else if (prompt is SoftPrompt rows)
            NpyPrompt.Write(rows, content);
        else
            throw new SoftPromptException(ErrorKind.Unsupported, $"'{record.Reference}' is a prefix: this format holds rows only.");
        var extension = format == Wire.AdapterFormat.Npy ? "npy" : "zip";
        return new ExportedAdapter(record, $"{record.Name}-{record.Version}.{extension}", content.ToArray());
    }

    private async Task<PeftAdapter> ToPeftAsync(PromptRecord record, ServedPrompt prompt, CancellationToken cancellationToken)
    {
        var spec = models.Models.FirstOrDefault(m => m.Model?.Fingerprint == record.ModelFingerprint)?.Model?.Spec;
        var message = record.ToMessage();
        var importedFrom = message.Lineage.Imported?.BaseModelName;
        var adapter = PeftExports.Of(
            record.Method, prompt, message.Lineage.Trained?.Spec, spec, string.IsNullOrEmpty(importedFrom) ? record.ModelId : importedFrom);
        if (message.Lineage.Imported is { AdapterConfig.Length: > 0 } origin)
            adapter = adapter with { Config = adapter.Config with { Fields = Fields(record.Method, origin) } };
        var trained = await prompts.LoadTrainableAsync(record, cancellationToken);
        if (record.Method == PromptMethod.MultitaskPromptTuning)
            adapter = WithTasks(adapter, record, trained, Lineages.MultitaskOf(message.Lineage));
        // Of an import, rows are kept beside the prefix only where they are dealt.
        if (prompt is KeyValuePrefix prefix && (message.Lineage.Imported is null ? spec is EncoderDecoderSpec : trained is not null))
            adapter = adapter.WithDealtRows(prefix, trained);
        return adapter with { SideFile = SideFile.Write(message) };
    }

    /// <summary>As the imported adapter had them. Those that no PEFT writes stay in the side file.</summary>
    private static Dictionary<string, string> Fields(PromptMethod method, Wire.ImportedOrigin origin) =>
        ExtraFields.Read(origin.AdapterConfig).Where(field => PeftFields.Has(method, field.Key)).ToDictionary(StringComparer.Ordinal);

    private static PeftAdapter WithTasks(
        PeftAdapter adapter, PromptRecord record, TrainablePrompt? trained, Wire.MultitaskOptions? tasks) =>
        trained is not null && tasks is not null
            ? adapter.WithTasks(trained, tasks)
            : throw new SoftPromptException(ErrorKind.Corrupt, $"The tasks of '{record.Reference}' are not stored.");
}
