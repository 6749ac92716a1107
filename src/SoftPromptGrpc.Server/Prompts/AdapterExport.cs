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
        if (await prompts.LoadAsync(record, cancellationToken) is not SoftPrompt numbers)
            throw new SoftPromptException(ErrorKind.Unsupported, $"'{record.Reference}' is a prefix: this format holds rows only.");
        using var content = new MemoryStream();
        if (format == Wire.AdapterFormat.Npy)
            NpyPrompt.Write(numbers, content);
        else
            PeftAdapterWriter.WriteZip(ToPeft(record, numbers), content);
        var extension = format == Wire.AdapterFormat.Npy ? "npy" : "zip";
        return new ExportedAdapter(record, $"{record.Name}-{record.Version}.{extension}", content.ToArray());
    }

    private PeftAdapter ToPeft(PromptRecord record, SoftPrompt numbers)
    {
        var spec = models.Models.FirstOrDefault(m => m.Model?.Fingerprint == record.ModelFingerprint)?.Model?.Spec;
        var message = record.ToMessage();
        var importedFrom = message.Lineage.Imported?.BaseModelName;
        var config = new PeftPromptConfig(
            record.VirtualTokens,
            numbers.HiddenSize,
            LayerCount: spec?.LayerCount ?? 0,
            HeadCount: spec?.HeadCount ?? 0,
            BaseModelName: string.IsNullOrEmpty(importedFrom) ? record.ModelId : importedFrom,
            Initialisation: "RANDOM", // How PEFT shall begin a training; the numbers are in the file.
            InitialisationText: null,
            UnknownFields: new Dictionary<string, string>())
        {
            TaskType = spec is EncoderDecoderSpec ? PeftPromptConfig.SequenceToSequence : PeftPromptConfig.CausalLanguageModel,
        };
        return new PeftAdapter(config, numbers.Values.ToArray(), SideFile.Write(message));
    }
}
