using System.CommandLine;
using SoftPromptGrpc.Pretraining.Commands;

var root = new RootCommand("Makes the bundled base model and its task.")
{
    CorpusCommand.Create(), TrainCommand.Create(), TaskCommand.Create(), EvaluateCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
