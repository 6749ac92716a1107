namespace SoftPromptGrpc.Core;

/// <summary>What went wrong, in the caller's terms. The edge of the service gives each kind its status.</summary>
public enum ErrorKind
{
    /// <summary>The request is malformed or out of range; no retry will help until it is changed.</summary>
    Invalid,

    NotFound,

    AlreadyExists,

    /// <summary>The request is well formed but the state forbids it, e.g. the prompt was trained on another model.</summary>
    Precondition,

    /// <summary>Nothing here implements what is asked for, e.g. an architecture that no backend knows.</summary>
    Unsupported,

    /// <summary>A queue or the memory is full. Refused at once; a later retry may succeed.</summary>
    Overloaded,

    /// <summary>Bytes that do not parse: a checkpoint, an adapter, a tokenizer file.</summary>
    Corrupt,

    /// <summary>The resource changed under the caller: its ETag no longer matches.</summary>
    Conflict,

    /// <summary>This server is stopping. The same request is good for the next one.</summary>
    Unavailable,

    /// <summary>Nobody knows who is calling.</summary>
    Unauthenticated,

    /// <summary>It is known who is calling, and that is not allowed to them.</summary>
    Denied,
}
