using System.CommandLine;
using SoftPromptGrpc.Pretraining.Corpus;

namespace SoftPromptGrpc.Pretraining.Commands;

internal static class CorpusCommand
{
    public static Command Create()
    {
        var count = new Option<int>("--count") { Description = "Documents.", DefaultValueFactory = _ => 20 };
        var heldOut = new Option<bool>("--held-out") { Description = "Documents that the model is not trained on." };
        var command = new Command("corpus", "Prints documents of the corpus.") { count, heldOut, Arguments.Seed };
        command.SetAction(parsed =>
        {
            var documents = new CorpusGenerator(Grammar.Shipped(), parsed.GetValue(Arguments.Seed))
                .Documents(parsed.GetValue(heldOut) ? Split.HeldOut : Split.Training);
            foreach (var document in documents.Take(parsed.GetValue(count)))
                parsed.InvocationConfiguration.Output.WriteLine($"{document.Text}\n");
        });
        return command;
    }
}
