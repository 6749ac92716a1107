using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Inference;

/// <summary>Content to token ids of one model. What is wrong with it becomes violations; the ids are then of no use.</summary>
internal static class ContentEncoder
{
    /// <param name="content">Null: no ids.</param>
    /// <param name="field">The content's path in the request.</param>
    public static int[] Encode(
        InferenceContent? content, string field, BaseModel model, TextTemplate template, bool addSpecialTokens, Violations violations) =>
        content switch
        {
            TextContent text => EncodeText(text, field, model, template, addSpecialTokens, violations),
            TokenContent tokens => ToIds(tokens.Ids, $"{field}.token_ids.ids", model, violations),
            _ => [],
        };

    /// <summary>How many of the first ids come from the template's text in front of every input, whatever the input is.</summary>
    /// <param name="ids">The encoded input, with special tokens.</param>
    public static int CountShared(int[] ids, InferenceContent? content, BaseModel model, TextTemplate template) =>
        content is TextContent && template.Head.Length > 0 && model.Tokenizer is { } tokenizer
            ? ids.AsSpan().CommonPrefixLength(tokenizer.Encode(template.Head, addSpecialTokens: true))
            : 0;

    /// <summary>Ids within the model's vocabulary.</summary>
    public static int[] ToIds(IReadOnlyList<uint> ids, string field, BaseModel model, Violations violations)
    {
        var size = (uint)model.Spec.VocabularySize;
        for (var i = 0; i < ids.Count; i++)
        {
            if (ids[i] < size)
                continue;
            violations.Add($"{field}[{i}]", $"is {ids[i]}, but the vocabulary of model '{model.Id}' has {size} tokens");
            return [];
        }
        return [.. ids.Select(id => (int)id)];
    }

    private static int[] EncodeText(
        TextContent content, string field, BaseModel model, TextTemplate template, bool addSpecialTokens, Violations violations)
    {
        if (model.Tokenizer is not { } tokenizer)
        {
            violations.Add($"{field}.text", $"model '{model.Id}' has no tokenizer: it takes token_ids only");
            return [];
        }
        var ids = tokenizer.Encode(template.Apply(content.Text), addSpecialTokens);
        violations.Require(
            ids.All(id => id < model.Spec.VocabularySize),
            $"{field}.text",
            $"holds a token that the tokenizer of model '{model.Id}' knows but its weights do not");
        return ids;
    }
}
