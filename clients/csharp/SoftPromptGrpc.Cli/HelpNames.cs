using System.CommandLine;

namespace SoftPromptGrpc.Cli;

/// <summary>What the help calls the values of options that do not say it themselves.</summary>
internal static class HelpNames
{
    public static void Set(Command command)
    {
        foreach (var option in command.Options.Where(option => option.HelpName is null))
            option.HelpName = For(Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType);
        foreach (var subcommand in command.Subcommands)
            Set(subcommand);
    }

    private static string? For(Type type)
    {
        if (type == typeof(int) || type == typeof(long))
            return "N";
        if (type == typeof(double))
            return "X";
        if (type == typeof(FileInfo))
            return "FILE";
        if (type == typeof(DirectoryInfo))
            return "DIRECTORY";
        return type == typeof(string) || type == typeof(string[]) ? "TEXT" : null;
    }
}
