using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>
/// Four rows, or one, of one key/value head: neighbouring positions or query heads that read the same keys and values. A row's sums have
/// one order, that of dimensions and of positions, in either case.
/// </summary>
/// <param name="first">Row of the part; a position's query heads come one after the other.</param>
/// <param name="scratch">Of <see cref="ScratchSize"/>.</param>
internal unsafe ref struct AttentionTile<T>(AttentionCall* call, BatchPart* part, int head, int first, int rows, float* scratch)
    where T : struct, ICacheElement
{
    public const int Rows = 4;

    private const int Width = BlockLayout.Positions;

    private readonly int _size = call->HeadSize;
    private readonly byte** _blocks = call->Blocks + part->FirstBlock;
    private readonly float* _queries = scratch;
    private readonly float* _weights = scratch + Rows * call->HeadSize;
    private readonly int _firstBlock = FirstKey(call, part, first) / Width;
    private readonly int _endBlock = BlockLayout.BlocksOf(Position(call, part, first + rows - 1) + 1);
    private fixed float _factors[Rows];

    /// <summary>How many weights a row has, with room for one block more.</summary>
    private readonly int Stride => (_endBlock - _firstBlock + 1) * Width;

    /// <summary>In elements.</summary>
    public static int ScratchSize(AttentionCall* call, BatchPart* part) =>
        Rows * (call->HeadSize + (BlockLayout.BlocksOf(part->Past + part->Count) + 1) * Width);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run()
    {
        for (var row = 0; row < rows; row++)
        {
            var (position, query) = (Position(call, part, first + row), (long)QueryHead(row) * _size);
            var source = call->Queries + (part->FirstRow + position - part->Past) * (long)call->QueryStride + query;
            BlockWriter<T>.Rotate(call, source, position, call->Scale, _queries + row * _size);
        }
        Score();
        for (var row = 0; row < rows; row++)
        {
            var position = Position(call, part, first + row);
            _factors[row] = Softmax.Run(
                _weights + row * Stride, _firstBlock * Width, FirstKey(call, part, first + row), position + 1, _endBlock * Width,
                call->SoftCap, call->Biases is null ? null : call->Biases + (long)QueryHead(row) * call->BiasCount);
        }
        Sum();
    }

    private static int Position(AttentionCall* call, BatchPart* part, int row) => part->Past + row / call->Group;

    private static int FirstKey(AttentionCall* call, BatchPart* part, int row) =>
        call->Window == 0 ? 0 : Math.Max(0, Position(call, part, row) + 1 - call->Window);

    private readonly int QueryHead(int row) => head * call->Group + (first + row) % call->Group;

    private readonly float* Output(int row) =>
        call->Output + ((part->FirstRow + (first + row) / call->Group) * (long)call->HeadCount + QueryHead(row)) * _size;

    private readonly byte* Keys(int block) => _blocks[block] + call->KeysOffset + head * call->HeadBytes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Score()
    {
        if (rows == Rows && Vector512.IsHardwareAccelerated)
        {
            for (var block = _firstBlock; block < _endBlock; block += 2)
            {
                var other = Math.Min(block + 1, _endBlock - 1);
                TileProducts<T>.Score4Wider(_queries, _size, Keys(block), Keys(other), _weights + (block - _firstBlock) * Width, Stride);
            }
            return;
        }
        if (rows == Rows)
        {
            for (var block = _firstBlock; block < _endBlock; block++)
                TileProducts<T>.Score4(_queries, _size, Keys(block), _weights + (block - _firstBlock) * Width, Stride);
            return;
        }
        for (var block = _firstBlock; block < _endBlock; block += 2)
        {
            var other = Math.Min(block + 1, _endBlock - 1);
            TileProducts<T>.Score1(_queries, _size, Keys(block), Keys(other), _weights + (block - _firstBlock) * Width);
        }
    }

    private void Sum()
    {
        var values = new ValueRows(
            _blocks, call->ValuesOffset + head * call->HeadBytes, _firstBlock, Position(call, part, first + rows - 1) + 1, _size);
        if (rows == 1)
        {
            TileProducts<T>.Sum1(_weights, values, _factors[0], Output(0));
            return;
        }
        var outputs = stackalloc float*[Rows];
        for (var row = 0; row < Rows; row++)
            outputs[row] = Output(row);
        fixed (float* factors = _factors)
            TileProducts<T>.Sum4(_weights, Stride, values, factors, outputs);
    }
}
