using System.Runtime.Intrinsics;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

/// <summary>One call of <see cref="PanelProduct"/>, as the threads that share it see it.</summary>
internal unsafe struct PanelCall
{
    private const int RowsOfPart = 128;
    private const int MostParts = 128;
    private const int InputsOfSlice = 128;
    private const int FetchedSlices = 2;

    public float* X;
    public byte* Panels;
    public float* Bias;
    public float* Y;
    public int Rows;
    public int Inputs;
    public int Outputs;

    /// <summary>Of all products.</summary>
    public float Scale;

    /// <summary>Of each output's weights in 8 bits, [panels, 48]; null: float32.</summary>
    public float* OutputScales;

    /// <summary>The rows in 16 bits, and what their units stand for.</summary>
    public short* Rounded;
    public float* RowScales;

    private readonly bool IsInt8 => OutputScales is not null;

    private readonly int PanelCount => Products.Panels.Count(Outputs);

    private readonly int PanelsOfPart => (PanelCount + MostParts - 1) / MostParts;

    private readonly int PartsOfRow => (PanelCount + PanelsOfPart - 1) / PanelsOfPart;

    /// <summary>Inputs of a row, or pairs of them.</summary>
    private readonly int Depth => IsInt8 ? Products.Panels.Even(Inputs) / 2 : Inputs;

    private readonly nint PanelBytes => (nint)Depth * Products.Panels.Width * (IsInt8 ? 2 : sizeof(float));

    /// <summary>Pieces of work that may run at once.</summary>
    public readonly int Parts => PartsOfRow * ((Rows + RowsOfPart - 1) / RowsOfPart);

    public static void Round(PanelCall* call, int row)
    {
        var width = Products.Panels.Even(call->Inputs);
        call->RowScales[row] = RowRounding.Round(
            new(call->X + ((nint)row * call->Inputs), call->Inputs), new(call->Rounded + ((nint)row * width), width));
    }

    public static void Multiply(PanelCall* call, int part)
    {
        var (block, first) = Math.DivRem(part, call->PartsOfRow);
        var sums = stackalloc float[RowsOfPart * Products.Panels.Width];
        var end = Math.Min(call->PanelCount, (first + 1) * call->PanelsOfPart);
        for (var panel = first * call->PanelsOfPart; panel < end; panel++)
            call->Multiply(panel, block * RowsOfPart, Math.Min(call->Rows, (block + 1) * RowsOfPart), sums);
    }

    // Slice by slice, each with all rows: a slice stays in the nearest cache, and the processor goes on reading the panel meanwhile.
    private readonly void Multiply(int panel, int firstRow, int endRow, float* sums)
    {
        var start = Panels + (panel * PanelBytes);
        var inputBytes = PanelBytes / Depth;
        for (var first = 0; first < Depth; first += InputsOfSlice)
        {
            var depth = Math.Min(InputsOfSlice, Depth - first);
            var tile = new Tile { Stride = Depth, Depth = depth, IsFirst = first == 0, Panel = start + (first * inputBytes) };
            // The first two tiles fetch what comes next, half of it each.
            tile.NextMask = endRow - firstRow > Tile.MostRows ? 1 : 0;
            tile.Next = (byte*)tile.Panel + (FetchedSlices * InputsOfSlice * inputBytes);
            for (var row = firstRow; row < endRow; row += Tile.MostRows)
            {
                tile.Count = Math.Min(Tile.MostRows, endRow - row);
                tile.Rows = (IsInt8 ? (float*)Rounded : X) + ((nint)row * Depth) + first;
                tile.Sums = sums + ((row - firstRow) * Products.Panels.Width);
                if (IsInt8)
                    Int8Tiles.Multiply(&tile);
                else
                    FloatTiles.Multiply(&tile);
                tile.Next = row == firstRow ? tile.Next + (depth * inputBytes / 2) : (byte*)tile.Panel;
            }
        }
        for (var row = firstRow; row < endRow; row++)
            Finish(row, panel, sums + ((row - firstRow) * Products.Panels.Width));
    }

    private readonly void Finish(int row, int panel, float* sums)
    {
        var output = panel * Products.Panels.Width;
        var y = Y + ((nint)row * Outputs) + ((nint)panel * Products.Panels.Width);
        var count = Math.Min(Products.Panels.Width, Outputs - output);
        for (var i = 0; i < Products.Panels.Width; i += Vector512<float>.Count)
        {
            var value = IsInt8
                ? Vector512.ConvertToSingle(Vector512.Load((int*)sums + i)) * (Vector512.Load(OutputScales + output + i) * (RowScales[row] * Scale))
                : Vector512.Load(sums + i) * Scale;
            if (i + Vector512<float>.Count <= count)
            {
                (Bias is null ? value : value + Vector512.Load(Bias + output + i)).Store(y + i);
                continue;
            }
            for (var j = i; j < count; j++)
                y[j] = value[j - i] + (Bias is null ? 0 : Bias[output + j]);
        }
    }
}
