using System.Runtime.CompilerServices;

namespace SoftPromptGrpc.Client;

internal static class Pages
{
    /// <param name="request">Makes the request of a page from its token; null for the first page.</param>
    public static async IAsyncEnumerable<TItem> ReadAsync<TRequest, TResponse, TItem>(
        Func<string?, TRequest> request,
        Func<TRequest, CancellationToken, Task<TResponse>> call,
        Func<TResponse, (IEnumerable<TItem> Items, string NextPageToken)> read,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? token = null;
        do
        {
            var (items, next) = read(await call(request(token), cancellationToken));
            foreach (var item in items)
                yield return item;
            token = next;
        }
        while (token.Length > 0);
    }
}
