using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Inference;

/// <param name="Seed">Null where no random numbers were drawn.</param>
internal sealed record Usage(Target Target, int InputTokens, int OutputTokens, WorkTimes Times, long? Seed);
