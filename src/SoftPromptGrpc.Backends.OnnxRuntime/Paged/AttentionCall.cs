namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>One layer's attention over one run.</summary>
internal unsafe struct AttentionCall
{
    public int HeadCount;
    public int KeyValueHeadCount;
    public int HeadSize;

    /// <summary>Of one head's keys in a block, and of its values.</summary>
    public int HeadBytes;

    /// <summary>Of the layer in a block, in bytes.</summary>
    public int KeysOffset;
    public int ValuesOffset;

    /// <summary>Of one head.</summary>
    public int BiasCount;

    /// <summary>0: a query sees all keys before it.</summary>
    public int Window;
    public float Scale;

    /// <summary>0: there is none.</summary>
    public float SoftCap;

    public BatchPart* Parts;
    public BatchItem* Items;
    public int ItemCount;
    public byte** Blocks;

    /// <summary>Whether keys and values are in the blocks before any query is answered.</summary>
    public bool IsFilled;

    // A row's begins so many elements behind that of the row before.
    public float* Queries;
    public float* Keys;
    public float* Values;
    public int QueryStride;
    public int KeyValueStride;

    /// <summary>Null: the layer does not rotate.</summary>
    public float* Cosines;
    public float* Sines;

    /// <summary>Null: there are none.</summary>
    public float* Biases;
    public float* Output;

    /// <summary>Query heads of one key/value head.</summary>
    public readonly int Group => HeadCount / KeyValueHeadCount;
}
