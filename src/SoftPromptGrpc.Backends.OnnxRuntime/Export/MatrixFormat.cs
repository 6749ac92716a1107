namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>How an export lays out the matrices that rows are multiplied by, and with which operator.</summary>
internal enum MatrixFormat
{
    /// <summary>[outputs, inputs] as in the checkpoint, for ONNX Runtime's own operator. Runs everywhere.</summary>
    Rows,

    /// <summary>Float32 for <see cref="Operators.Products.PanelProduct"/>.</summary>
    Panels,

    /// <summary>8 bits and a scale for each output, for the same.</summary>
    Int8Panels,
}
