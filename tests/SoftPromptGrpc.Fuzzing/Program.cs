using System.CommandLine;
using SoftPromptGrpc.Fuzzing;

var target = new Argument<string>("target") { Description = "What reads the bytes." }.AcceptOnlyFromAmong([.. FuzzTargets.Names]);
var directory = new Argument<DirectoryInfo>("directory");
var seconds = new Option<int>("--seconds") { DefaultValueFactory = _ => 600, Description = "How long." };
var seed = new Option<int>("--seed") { DefaultValueFactory = _ => 1, Description = "Which mutations." };

var list = new Command("list", "Names the targets.");
list.SetAction(result => result.InvocationConfiguration.Output.WriteLine(string.Join('\n', FuzzTargets.Names)));

var seeds = new Command("seeds", "Writes a target's seeds into a directory, a file each.") { target, directory };
seeds.SetAction(result => Commands.WriteSeeds(FuzzTargets.Create(result.GetRequiredValue(target)), result.GetRequiredValue(directory)));

var run = new Command("run", "Feeds a target mutations of its seeds. The exit code is 1 when something was found.") { target, seconds, seed };
run.SetAction(result => Commands.Run(
    FuzzTargets.Create(result.GetRequiredValue(target)), result.GetValue(seconds), result.GetValue(seed), result.InvocationConfiguration.Output));

var read = new Command("read", "Reads files as a target does, to repeat a find.") { target, directory };
read.SetAction(result => Commands.Read(
    FuzzTargets.Create(result.GetRequiredValue(target)), result.GetRequiredValue(directory), result.InvocationConfiguration.Output));

var afl = new Command("afl", "Reads what afl-fuzz offers; see the script fuzz.") { target };
afl.SetAction(result => Commands.RunUnderAfl(FuzzTargets.Create(result.GetRequiredValue(target))));

return await new RootCommand("Bytes of unknown origin, for all that reads such.") { list, seeds, run, read, afl }.Parse(args).InvokeAsync();
