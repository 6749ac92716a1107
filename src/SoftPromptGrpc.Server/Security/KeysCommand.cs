using System.CommandLine;
using System.Text.Json;

namespace SoftPromptGrpc.Server.Security;

/// <summary><c>keys create</c>: makes an API key, and says what the configuration has to hold of it.</summary>
internal static class KeysCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create(TextWriter output)
    {
        var id = new Option<string>("--id") { Description = "Names the key in the audit log.", DefaultValueFactory = _ => "key" };
        var tenant = new Option<string>("--tenant") { Description = "Whose prompts and jobs it opens.", Required = true };
        tenant.Validators.Add(given =>
        {
            if (!Caller.IsTenant(given.Tokens[0].Value))
                given.AddError($"--tenant {Caller.TenantRule}.");
        });
        var scopes = new Option<string>("--scopes") { Description = "Some of infer, train, manage and admin, such as infer,train.", Required = true };
        scopes.Validators.Add(given =>
        {
            if (!ScopeNames.AreNames(given.Tokens[0].Value))
                given.AddError("--scopes must be some of infer, train, manage and admin.");
        });
        var create = new Command("create", "Makes a key of 256 random bits. It is shown once and kept nowhere.") { id, tenant, scopes };
        create.SetAction(parsed => Write(
            output, parsed.GetRequiredValue(id), parsed.GetRequiredValue(tenant), ScopeNames.Parse(parsed.GetRequiredValue(scopes))));
        return new Command("keys", "API keys.") { create };
    }

    private static void Write(TextWriter output, string id, string tenant, Scopes scopes)
    {
        var key = ApiKey.New();
        var entry = new { Id = id, Sha256 = Convert.ToHexStringLower(ApiKey.Hash(key)), Tenant = tenant, Scopes = scopes.ToName() };
        output.WriteLine("The key, which cannot be shown again:");
        output.WriteLine();
        output.WriteLine(key);
        output.WriteLine();
        output.WriteLine("For \"Security\": { \"Keys\": [ ... ] } of the server's configuration:");
        output.WriteLine();
        output.WriteLine(JsonSerializer.Serialize(entry, Indented));
    }
}
