namespace SoftPromptGrpc.Backends.OnnxRuntime;

internal interface ISlotted
{
    /// <summary>Changes when other sequences come and go.</summary>
    int Slot { get; set; }
}

/// <summary>Which sequence lies in which slot of the caches: 0, 1, ... without a hole.</summary>
/// <param name="move">Copies a sequence's part of the caches to a slot whose content is not needed.</param>
/// <param name="swap">Exchanges two sequences' parts.</param>
internal sealed class SlotTable<T>(Action<T, int> move, Action<T, T> swap)
    where T : class, ISlotted
{
    private readonly List<T> _sequences = [];

    /// <summary>In the order of their slots.</summary>
    public IReadOnlyList<T> Sequences => _sequences;

    public void Add(T sequence)
    {
        sequence.Slot = _sequences.Count;
        _sequences.Add(sequence);
    }

    /// <summary>The last slot's sequence moves into the place that becomes free.</summary>
    public void Remove(T sequence)
    {
        var last = _sequences[^1];
        if (last != sequence)
        {
            move(last, sequence.Slot);
            Place(last, sequence.Slot);
        }
        _sequences.RemoveAt(_sequences.Count - 1);
    }

    /// <summary>Brings these to the first slots.</summary>
    public void PlaceFirst(HashSet<T> chosen)
    {
        var free = 0;
        for (var slot = chosen.Count; slot < _sequences.Count; slot++)
        {
            var late = _sequences[slot];
            if (!chosen.Contains(late))
                continue;
            while (chosen.Contains(_sequences[free]))
                free++;
            var early = _sequences[free];
            swap(late, early);
            Place(late, free);
            Place(early, slot);
        }
    }

    private void Place(T sequence, int slot)
    {
        sequence.Slot = slot;
        _sequences[slot] = sequence;
    }
}
