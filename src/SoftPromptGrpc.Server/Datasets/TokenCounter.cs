using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Jobs.Planning;
using TextTemplate = SoftPromptGrpc.Core.Prompts.TextTemplate;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>Counts as a training on the model would, without its template and its virtual tokens.</summary>
internal sealed class TokenCounter(BaseModel model, Violations violations)
{
    private readonly ContentEncoder _encoder = new(model, TextTemplate.None, SpecDefaults.EndOfSequence(model), violations);

    /// <returns>Null for a text that the model has no tokenizer for.</returns>
    public ExampleLengths? Count(Example example, int row)
    {
        if (model.Tokenizer is null && (IsText(example.Input) || IsText(example.Target)))
            return null;
        var input = _encoder.Input(example.Input, $"rows[{row}].input").Length;
        var target = _encoder.Target(example.Target, $"rows[{row}].target").Length;
        var room = model.Spec is DecoderSpec ? Math.Max(0, model.Spec.ContextLength - target) : model.Spec.ContextLength;
        return new(input, target, input > room);
    }

    private static bool IsText(Content content) => content.KindCase == Content.KindOneofCase.Text;
}
