using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Paging;

namespace SoftPromptGrpc.Server.Models;

/// <param name="TrainingBackends">Names of those that implement its architecture; none until it is read.</param>
/// <param name="InferenceBackends">The same, the default first.</param>
internal sealed record ListedModel(
    ModelStatus Status, IReadOnlyList<string> TrainingBackends, IReadOnlyList<string> InferenceBackends);

internal sealed record ModelPage(IReadOnlyList<ListedModel> Models, string NextPageToken);

/// <summary>What callers may know about the configured models.</summary>
internal sealed class ModelListing(ModelCatalog catalog, BackendRegistry backends, BatchSchedulers schedulers)
{
    /// <summary>A list without filters is the same query for everyone.</summary>
    private const string Query = "models";

    public ModelPage List(int pageSize, string pageToken)
    {
        var violations = new Violations();
        var (size, after) = (PageSize.Parse(pageSize, violations), PageToken.Parse(pageToken, Query, _ => true, violations));
        violations.ThrowIfAny();
        List<ModelStatus> rest =
            [.. catalog.Models.Where(model => after is null || string.CompareOrdinal(model.Id, after.Key) > 0).Take(size + 1)];
        var next = rest.Count > size ? new PageToken(rest[size - 1].Id, 0).Encode(Query) : "";
        return new ModelPage([.. rest.Take(size).Select(Describe)], next);
    }

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.NotFound"/>.</exception>
    public ListedModel Get(string id) => Describe(catalog.StatusOf(id));

    private ListedModel Describe(ModelStatus status)
    {
        if (status.Model is not { } model)
            return new ListedModel(status, [], []);
        var training = backends.TrainingBackends.Where(backend => backend.Supports(model.Spec)).Select(backend => backend.Name);
        var inference = backends.InferenceBackends.Where(backend => backend.Supports(model.Spec)).Select(backend => backend.Name);
        return new ListedModel(status, [.. training], [.. inference.OrderBy(name => name != schedulers.DefaultBackend)]);
    }
}
