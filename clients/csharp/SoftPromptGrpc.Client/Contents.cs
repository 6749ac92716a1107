using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client;

/// <summary>Shorthands for <see cref="Content"/>.</summary>
public static class Contents
{
    public static Content Text(string text) => new() { Text = text };

    public static Content TokenIds(IEnumerable<uint> ids)
    {
        var tokenIds = new TokenIds();
        tokenIds.Ids.AddRange(ids);
        return new Content { TokenIds = tokenIds };
    }
}
