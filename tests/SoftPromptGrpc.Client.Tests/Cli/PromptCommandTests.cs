using System.IO.Compression;
using System.Text;
using SoftPromptGrpc.Cli;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests.Cli;

public sealed class PromptCommandTests : CliTest
{
    private const string Config = "adapter_config.json";
    private const string Weights = "adapter_model.safetensors";

    public PromptCommandTests() => Server.Prompts.Prompts.AddRange(
        Enumerable.Range(1, 3).Select(i => new Prompt { Name = $"p{i}", Reference = $"p{i}@1", Model = "tiny" }));

    [Fact]
    public async Task List_Json_IsOnePromptALineOverAllPages()
    {
        var run = await RunAsync("prompts", "list", "--json");

        Assert.Equal(3, run.Lines.Length);
        Assert.All(run.Lines, line => Assert.Contains("\"model\": \"tiny\"", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task List_Limit_EndsThere()
    {
        var run = await RunAsync("prompts", "list", "--limit", "1");

        Assert.Equal(2, run.Lines.Length);
    }

    [Fact]
    public async Task List_None_LeavesStandardOutputEmpty()
    {
        Server.Prompts.Prompts.Clear();

        var run = await RunAsync("prompts", "list");

        Assert.Equal((ExitCode.Ok, "", "Nothing found.\n"), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task Delete_TwoVersions_SaysSo()
    {
        var run = await RunAsync("prompts", "delete", "p1");

        Assert.Equal((ExitCode.Ok, "Deleted 2 versions.\n"), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task Inspect_OnExamples_SendsThemAndShowsEveryToken()
    {
        Server.Prompts.Inspection = new()
        {
            VirtualTokens =
            {
                new VirtualToken { Norm = 2, Nearest = { new NearestToken { Token = "cat", Cosine = 0.5 } }, DuplicateOf = -1, Importance = 0.25 },
            },
            Caveat = "careful",
        };
        var data = Write("examples.jsonl", "{\"input\": \"a\", \"target\": \"b\"}\n");

        var run = await RunAsync("prompts", "inspect", "p1", "--nearest", "1", "--compare-with", "p2", "--data", data);

        Assert.Equal(["0", "2.0000", "cat", "(0.5)", "0.2500"], run.Lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("careful", run.Output, StringComparison.Ordinal);
        Assert.Equal(("p1", 1), (Server.Prompts.Inspected!.Prompt, Server.Prompts.Inspected.NearestCount));
        Assert.Equal(["p2"], Server.Prompts.Inspected.CompareWith);
        Assert.Equal("b", Assert.Single(Server.Prompts.Inspected.Examples.Targets).Text);
    }

    [Fact]
    public async Task Similar_Limited_IsATable()
    {
        var run = await RunAsync("prompts", "similar", "p1", "--limit", "2");

        Assert.Equal(["p1@1", "0.5000"], run.Lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(3, run.Lines.Length);
    }

    [Fact]
    public async Task Update_LabelsAndAliases_KeepsTheOthers()
    {
        var prompt = Server.Prompts.Prompts[0];
        (prompt.Etag, prompt.Description) = ("e1", "first");
        prompt.Labels.Add(new Dictionary<string, string> { ["team"] = "x", ["stage"] = "test" });
        prompt.Aliases.Add(["eu", "old"]);

        var run = await RunAsync(
            "prompts", "update", "p1", "--label", "stage=done", "--remove-label", "team", "--alias", "prod", "--remove-alias", "old");

        var update = Assert.Single(Server.Prompts.Updates);
        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal(("p1@1", "e1"), (update.Prompt, update.Etag));
        Assert.Equal(["labels", "aliases"], update.UpdateMask.Paths);
        Assert.Equal(["eu", "prod"], update.Values.Aliases);
        Assert.Equal(("stage", "done"), (Assert.Single(update.Values.Labels).Key, update.Values.Labels["stage"]));
    }

    [Fact]
    public async Task Update_Nothing_ChangesNothing()
    {
        var run = await RunAsync("prompts", "update", "p1", "--remove-alias", "none");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Empty(Server.Prompts.Updates);
    }

    [Fact]
    public async Task Update_AnotherETag_FailsWithTheServersReason()
    {
        var run = await RunAsync("prompts", "update", "p1", "--description", "d", "--etag", "old");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("was changed meanwhile", run.Error, StringComparison.Ordinal);
        Assert.Empty(Server.Prompts.Prompts[0].Description);
    }

    [Fact]
    public async Task Undelete_Name_BringsItsDeletedVersionsBack()
    {
        Server.Prompts.Prompts[1].DeleteTime = new() { Seconds = 1 };

        var run = await RunAsync("prompts", "undelete", "p2");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal("name = \"p2\"", Server.Prompts.ListRequests[0].Filter);
        Assert.True(Server.Prompts.ListRequests[0].ShowDeleted);
        Assert.Equal(["p2@1"], Server.Prompts.Updates.Select(update => update.Prompt));
        Assert.Null(Server.Prompts.Prompts[1].DeleteTime);
    }

    [Fact]
    public async Task Undelete_NothingDeleted_IsNotFound()
    {
        var run = await RunAsync("prompts", "undelete", "p1");

        Assert.Equal((ExitCode.NotFound, "Nothing found.\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Export_ToZip_WritesTheBytes()
    {
        Server.Prompts.Content = Zip((Config, "{}"), (Weights, "w"));

        var run = await RunAsync("prompts", "export", "p1", "-o", PathOf("p.zip"));

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal(Server.Prompts.Content, await File.ReadAllBytesAsync(PathOf("p.zip"), Token));
    }

    [Fact]
    public async Task Export_ToDirectory_Unzips()
    {
        Server.Prompts.Content = Zip((Config, "{}"), (Weights, "w"));

        var run = await RunAsync("prompts", "export", "p1", "-o", PathOf("adapter"));

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal("w", await File.ReadAllTextAsync(Path.Combine(PathOf("adapter"), Weights), Token));
    }

    [Fact]
    public async Task Export_FileIsThere_IsRefusedUnlessForced()
    {
        var path = Write("p.npy", "precious");
        Server.Prompts.Content = [1, 2];

        var refused = await RunAsync("prompts", "export", "p1", "-o", path);
        var kept = await File.ReadAllTextAsync(path, Token);
        var forced = await RunAsync("prompts", "export", "p1", "-o", path, "--force");

        Assert.Equal((ExitCode.Invalid, "precious", ExitCode.Ok), (refused.ExitCode, kept, forced.ExitCode));
        Assert.Equal([1, 2], await File.ReadAllBytesAsync(path, Token));
    }

    [Theory]
    [InlineData("../outside.json")]
    [InlineData("/outside.json")]
    [InlineData("a/b.json")]
    [InlineData(".hidden")]
    [InlineData("a\\b.json")]
    public async Task Export_ZipThatReachesOutside_IsRefused(string name)
    {
        Server.Prompts.Content = Zip((name, "x"));

        var run = await RunAsync("prompts", "export", "p1", "-o", PathOf("adapter"));

        Assert.Equal(ExitCode.Invalid, run.ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(PathOf("adapter")));
    }

    [Fact]
    public async Task Export_UnknownPrompt_LeavesNoFile()
    {
        var run = await RunAsync("prompts", "export", "none", "-o", PathOf("p.zip"));

        Assert.Equal((ExitCode.NotFound, false), (run.ExitCode, File.Exists(PathOf("p.zip"))));
    }

    [Fact]
    public async Task Import_Zip_SendsItAsItIs()
    {
        await File.WriteAllBytesAsync(PathOf("a.zip"), [9, 8, 7], Token);

        var run = await RunAsync(
            "prompts", "import", "mine", PathOf("a.zip"), "--model", "tiny", "--label", "k=v", "--template", "T: {input}");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        var header = Server.Prompts.Imported!;
        Assert.Equal(("mine", "tiny", AdapterFormat.PeftZip), (header.Prompt, header.Model, header.Format));
        Assert.Equal(("v", "T: {input}"), (header.Labels["k"], header.Template.Pattern));
        Assert.Equal([9, 8, 7], Server.Prompts.ImportedContent);
    }

    [Fact]
    public async Task Import_Directory_ZipsTheAdapterAndNothingElse()
    {
        Directory.CreateDirectory(PathOf("adapter"));
        Write($"adapter/{Config}", "{}");
        Write($"adapter/{Weights}", "w");
        Write("adapter/README.md", "for people");

        var run = await RunAsync("prompts", "import", "mine", PathOf("adapter"));

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        using var zip = new ZipArchive(new MemoryStream(Server.Prompts.ImportedContent));
        Assert.Equal([Config, Weights], zip.Entries.Select(entry => entry.FullName));
        using var reader = new StreamReader(await zip.Entries[1].OpenAsync(Token));
        Assert.Equal("w", await reader.ReadToEndAsync(Token));
    }

    [Fact]
    public async Task Import_DirectoryWithPickle_IsRefusedWithTheReason()
    {
        Directory.CreateDirectory(PathOf("adapter"));
        Write($"adapter/{Config}", "{}");
        Write("adapter/adapter_model.bin", "pickle");

        var run = await RunAsync("prompts", "import", "mine", PathOf("adapter"));

        Assert.Equal(ExitCode.Invalid, run.ExitCode);
        Assert.Contains("Pickles", run.Error, StringComparison.Ordinal);
        Assert.Null(Server.Prompts.Imported);
    }

    private static byte[] Zip(params (string Name, string Content)[] files)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return stream.ToArray();
    }
}
