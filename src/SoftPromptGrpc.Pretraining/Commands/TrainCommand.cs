using System.CommandLine;
using SoftPromptGrpc.ModelFormats.Tokenizers;
using SoftPromptGrpc.Pretraining.Corpus;
using SoftPromptGrpc.Pretraining.Output;
using SoftPromptGrpc.Pretraining.Tokenizer;
using SoftPromptGrpc.Pretraining.Training;

namespace SoftPromptGrpc.Pretraining.Commands;

internal static class TrainCommand
{
    private static readonly Option<int> Steps = new("--steps") { DefaultValueFactory = _ => 6100 };
    private static readonly Option<int> DecaySteps =
        new("--decay-steps") { Description = "Last steps, over which the learning rate falls to zero.", DefaultValueFactory = _ => 700 };
    private static readonly Option<string?> Checkpoint = new("--checkpoint") { Description = "A file to continue from, and to save to." };

    public static Command Create()
    {
        var command = new Command("train", "Generates the corpus, learns the tokenizer and trains the model.")
        {
            Arguments.Model, Arguments.Seed, Steps, DecaySteps, Checkpoint,
        };
        command.SetAction(Run);
        return command;
    }

    private static void Run(ParseResult parsed)
    {
        var (seed, directory, log) = (parsed.GetValue(Arguments.Seed), parsed.GetValue(Arguments.Model)!, parsed.InvocationConfiguration.Output);
        Directory.CreateDirectory(directory);
        var corpus = new CorpusGenerator(Grammar.Shipped(), seed);
        var texts = corpus.Documents(Split.Training).Take(TinyEnglish.TokenizerDocuments).Select(d => d.Text);
        TokenizerWriter.Write(BpeTrainer.Train(texts, TinyEnglish.VocabularySize), TinyEnglish.ContextLength, directory);
        var tokenizer = HfTokenizer.Load(directory)!;
        var settings = new PretrainingSettings { Steps = parsed.GetValue(Steps), DecaySteps = parsed.GetValue(DecaySteps), Seed = seed };
        var run = new PretrainingRun(corpus, tokenizer, settings, log);
        using var weights = run.Run(TinyEnglish.Spec(tokenizer.VocabularySize), parsed.GetValue(Checkpoint));
        ModelWriter.Write(weights, directory);
        log.WriteLine(FormattableString.Invariant($"perplexity, new documents: {Perplexity.Of(weights, tokenizer, Split.Training):F2}"));
        log.WriteLine(FormattableString.Invariant($"perplexity, held-out documents: {Perplexity.Of(weights, tokenizer, Split.HeldOut):F2}"));
    }
}
