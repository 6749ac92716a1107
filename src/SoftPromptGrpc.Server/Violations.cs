using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Server;

/// <summary>Collects everything that is wrong with a request, to say it all at once.</summary>
internal sealed class Violations
{
    private readonly List<FieldViolation> _found = [];

    public bool Any => _found.Count > 0;

    public void Add(string field, string description) => _found.Add(new FieldViolation(field, description));

    /// <returns>Whether it holds.</returns>
    public bool Require(bool condition, string field, string description)
    {
        if (!condition)
            Add(field, description);
        return condition;
    }

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>, when there is any.</exception>
    public void ThrowIfAny()
    {
        if (Any)
            throw new SoftPromptException([.. _found]);
    }
}
