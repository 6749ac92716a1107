using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>Keeps a prompt from landing on a base model that it was not made for.</summary>
internal static class ModelMatch
{
    /// <param name="what">How the message names the prompt, such as "Prompt 'sentiment@3'".</param>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Precondition"/>, naming both fingerprints.</exception>
    public static void RequireFingerprint(string what, string fingerprint, BaseModel model)
    {
        if (fingerprint != model.Fingerprint)
        {
            throw Refusal(
                $"{what} was made for another base model than '{model.Id}': its fingerprint is {fingerprint}, the model's is {model.Fingerprint}.");
        }
    }

    /// <inheritdoc cref="RequireFingerprint" path="/param"/>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Precondition"/>, saying what does not fit.</exception>
    public static void RequireFit(string what, ServedPrompt prompt, BaseModel model)
    {
        if (prompt.MisfitWith(model.Spec) is { } misfit)
            throw Refusal($"{what} does not fit model '{model.Id}': {misfit}.");
    }

    private static SoftPromptException Refusal(string message) => new(ErrorKind.Precondition, message) { Reason = "PROMPT_OF_OTHER_MODEL" };
}
