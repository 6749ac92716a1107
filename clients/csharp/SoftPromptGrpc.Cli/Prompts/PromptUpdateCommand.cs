using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Prompts;

internal static class PromptUpdateCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var reference = new Argument<string>("PROMPT") { Description = """Such as "sentiment", "sentiment@3" or "sentiment@prod".""" };
        var labels = Labels.Option();
        var noLabels = Names("--remove-label", "A label to remove; may be repeated.", "KEY");
        var aliases = Names("--alias", "A name that is to point to this version, such as prod; may be repeated.", "ALIAS");
        var noAliases = Names("--remove-alias", "An alias to remove; may be repeated.", "ALIAS");
        var description = new Option<string>("--description") { Description = "What it is for.", HelpName = "TEXT" };
        var etag = new Option<string>("--etag") { Description = "Changes nothing unless the prompt still has this etag." };
        return new Command("update", "Changes a prompt's labels, aliases and description.")
        {
            reference, labels, noLabels, aliases, noAliases, description, etag,
        }.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var old = await invocation.Client.GetPromptAsync(invocation.Get(reference), cancellationToken);
            var update = new UpdatePromptRequest
            {
                Prompt = old.Reference,
                Values = new Prompt(old) { Description = invocation.Get(description) ?? old.Description },
                UpdateMask = new FieldMask(),
                Etag = invocation.Get(etag) ?? old.Etag,
            };
            foreach (var (key, value) in invocation.Get(labels) ?? [])
                update.Values.Labels[key] = value;
            foreach (var key in invocation.Get(noLabels) ?? [])
                update.Values.Labels.Remove(key);
            update.Values.Aliases.Clear();
            update.Values.Aliases.Add(old.Aliases.Union(invocation.Get(aliases) ?? []).Except(invocation.Get(noAliases) ?? []));
            update.UpdateMask.Paths.Add(Changed(old, update.Values));
            if (update.UpdateMask.Paths.Count > 0)
                old = await invocation.Client.UpdatePromptAsync(update, cancellationToken);
            PromptView.Write(invocation, old);
            return ExitCode.Ok;
        });
    }

    private static IEnumerable<string> Changed(Prompt old, Prompt values)
    {
        if (!old.Labels.Equals(values.Labels))
            yield return "labels";
        if (!old.Aliases.Equals(values.Aliases))
            yield return "aliases";
        if (old.Description != values.Description)
            yield return "description";
    }

    private static Option<string[]> Names(string name, string description, string helpName) =>
        new(name) { Description = description, HelpName = helpName, Arity = ArgumentArity.OneOrMore };
}
