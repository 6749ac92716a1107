using Google.Protobuf;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <param name="Request">What a repeated request is compared with: a TrainingSpec or a ResumeTrainingJobRequest.</param>
/// <param name="Spec">As it was sent, with its examples.</param>
/// <param name="From">What it goes on from; null: it begins.</param>
internal sealed record NewJob(StoredJob Job, IMessage Request, Wire.TrainingSpec Spec, TrainingState? From = null);
