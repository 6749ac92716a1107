using Google.Protobuf.WellKnownTypes;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Jobs.Planning;
using SoftPromptGrpc.Server.Paging;
using SoftPromptGrpc.Server.Prompts;
using Enum = System.Enum;
using TextTemplate = SoftPromptGrpc.Contracts.V1.TextTemplate;

namespace SoftPromptGrpc.Server.Grpc;

internal static class PromptMapper
{
    public static PromptQuery ToQuery(this ListPromptsRequest request)
    {
        var violations = new Violations();
        var key = $"{request.Filter}\n{request.OrderBy}\n{request.AllVersions}\n{request.ShowDeleted}";
        var order = PromptOrder.Parse(request.OrderBy, violations);
        var query = new PromptQuery(
            PromptFilter.Parse(request.Filter, violations),
            order,
            request.AllVersions,
            request.ShowDeleted,
            PageSize.Parse(request.PageSize, violations),
            PageToken.Parse(request.PageToken, key, order.IsKey, violations),
            key);
        violations.ThrowIfAny();
        return query;
    }

    public static (PromptReference Reference, AdapterFormat Format) ToReference(this ExportPromptRequest request)
    {
        var violations = new Violations();
        var format = Check(request.Format, "format", violations);
        violations.ThrowIfAny();
        return (PromptReference.Parse(request.Prompt), format);
    }

    public static ImportSettings ToSettings(this ImportHeader header)
    {
        var violations = new Violations();
        var format = Check(header.Format, "header.format", violations);
        violations.Require(
            PromptReference.IsName(header.Prompt), "header.prompt",
            "must be 1 to 100 characters of a-z, A-Z, 0-9, '.', '_' and '-', beginning with a letter or digit");
        var template = header.Template?.Pattern is { Length: > 0 } pattern ? new Core.Prompts.TextTemplate(pattern) : null;
        violations.Require(
            template is null || Core.Prompts.TextTemplate.IsValid(template.Pattern), "header.template.pattern",
            $"must hold \"{Core.Prompts.TextTemplate.Placeholder}\" exactly once");
        SpecRules.CheckLabels(header.Labels, violations, "header.labels");
        violations.ThrowIfAny();
        return new ImportSettings(header.Model, header.Prompt, format, header.Labels, template, header.HasTask ? header.Task : null)
        {
            ScaleLegacyGemma = header.ScaleLegacyGemma,
        };
    }

    public static ExportHeader ToHeader(this ExportedAdapter adapter, AdapterFormat format) =>
        new() { Prompt = adapter.Prompt.ToMessage(), Format = format, SizeBytes = adapter.Content.Length, FileName = adapter.FileName };

    public static Prompt ToMessage(this PromptRecord prompt) => new()
    {
        Name = prompt.Name,
        Version = prompt.Version,
        Reference = prompt.Reference.ToString(),
        Model = prompt.ModelId,
        ModelFingerprint = prompt.ModelFingerprint,
        Method = prompt.Method.ToMessage(),
        VirtualTokens = prompt.VirtualTokens,
        HiddenSize = prompt.Width,
        ContentHash = prompt.ContentHash,
        SizeBytes = prompt.Size,
        Template = new TextTemplate { Pattern = prompt.Template.Pattern },
        Description = prompt.Description,
        Labels = { prompt.Labels.ToDictionary() },
        Aliases = { prompt.Aliases },
        Lineage = Lineages.Read(prompt.Lineage),
        CreateTime = prompt.CreateTime.ToTimestamp(),
        DeleteTime = prompt.DeleteTime?.ToTimestamp(),
        Etag = prompt.ETag,
    };

    private static AdapterFormat Check(AdapterFormat format, string field, Violations violations)
    {
        violations.Require(Enum.IsDefined(format), field, "is no format");
        return format == AdapterFormat.Unspecified ? AdapterFormat.PeftZip : format;
    }
}
