using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <summary>Text or ids to the ids of one model. What cannot be encoded becomes a violation and is empty.</summary>
/// <param name="endOfSequence">Appended to every target; null: nothing is.</param>
internal sealed class ContentEncoder(BaseModel model, TextTemplate template, int? endOfSequence, Violations violations)
{
    private const int MostReported = 20;
    private int _found;

    /// <summary>Text with the template around it and the tokenizer's special tokens. May be missing or empty.</summary>
    public int[] Input(Wire.Content? content, string field) =>
        Encode(content, field, (tokenizer, text) => tokenizer.Encode(template.Apply(text), addSpecialTokens: true));

    /// <summary>At least one token, and then the end of sequence; text begins as the model's output does.</summary>
    public int[] Target(Wire.Content? content, string field)
    {
        var ids = NotEmpty(content, field);
        if (model.OutputBeginning is { } first && content?.KindCase == Wire.Content.KindOneofCase.Text)
            ids = [first, .. ids];
        return endOfSequence is { } end ? [.. ids, end] : ids;
    }

    /// <summary>At least one token; text without special tokens.</summary>
    public int[] NotEmpty(Wire.Content? content, string field)
    {
        var before = _found;
        var ids = Encode(content, field, (tokenizer, text) => tokenizer.Encode(text, addSpecialTokens: false));
        if (ids.Length == 0 && _found == before)
            Report(field, "must have at least one token");
        return ids;
    }

    /// <summary>
    /// What stands in front of inputs: text with the tokenizer's special tokens. An encoder's come with the input, once.
    /// </summary>
    public int[] TextPrompt(Wire.Content content, string field) =>
        Encode(content, field, (tokenizer, text) => tokenizer.Encode(text, addSpecialTokens: model.Spec is DecoderSpec));

    /// <summary>Says how many further violations there are: a thousand examples can be wrong in the same way.</summary>
    public void ReportTheRest()
    {
        if (_found > MostReported)
            violations.Add("spec.examples", $"has {_found - MostReported} more violations of this kind");
    }

    public void Report(string field, string description)
    {
        if (++_found <= MostReported)
            violations.Add(field, description);
    }

    private int[] Encode(Wire.Content? content, string field, Func<ITokenizer, string, int[]> encode)
    {
        switch (content?.KindCase ?? Wire.Content.KindOneofCase.None)
        {
            case Wire.Content.KindOneofCase.None:
                return [];
            case Wire.Content.KindOneofCase.TokenIds:
                return Checked([.. content!.TokenIds.Ids], $"{field}.token_ids");
            case Wire.Content.KindOneofCase.Text when model.Tokenizer is null:
                Report($"{field}.text", $"must be token ids: model '{model.Id}' has no tokenizer");
                return [];
            case Wire.Content.KindOneofCase.Text:
                return Checked([.. encode(model.Tokenizer!, content!.Text).Select(id => (uint)id)], $"{field}.text");
            default:
                throw new ArgumentOutOfRangeException(nameof(content), content, null);
        }
    }

    private int[] Checked(uint[] ids, string field)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] < model.Spec.VocabularySize)
                continue;
            Report($"{field}[{i}]", $"is the id {ids[i]}; the vocabulary has {model.Spec.VocabularySize}");
            return [];
        }
        return [.. ids.Select(id => (int)id)];
    }
}
