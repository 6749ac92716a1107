using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Inference;

/// <param name="Text">The ids decoded, special tokens included; empty without a tokenizer.</param>
internal sealed record TokenizeResult(Target Target, int[] Ids, string Text)
{
    public ITokenizer? Tokenizer => Target.Model.Tokenizer;
}

/// <summary>Encodes as a generation would, and decodes.</summary>
internal sealed class Tokenization(TargetResolver targets)
{
    public async Task<TokenizeResult> TokenizeAsync(TokenizeQuery query, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        violations.Require(query.Content is not null, "content", "must be given");
        var target = await targets.ResolveAsync(query.Target, violations, cancellationToken);
        var template = query.Target.ApplyTemplate ? target.Template : TextTemplate.None;
        var ids = ContentEncoder.Encode(query.Content, "content", target.Model, template, query.AddSpecialTokens, violations);
        violations.ThrowIfAny();
        return new TokenizeResult(target, ids, target.Model.Tokenizer?.Decode(ids, skipSpecialTokens: false) ?? "");
    }
}
