namespace Llama.Server.Sinks.Views;

/// <summary>
/// The series that rows came of within about an hour, at most so many of them. One is forgotten when no row of it has come for half
/// an hour to an hour. Takes 11 to 21 octets for each. Belongs to one thread, save <see cref="Count"/>.
/// </summary>
/// <param name="most">Most series; 0 for no limit.</param>
/// <param name="time">Its clock.</param>
internal sealed class SeriesLimit(int most, TimeProvider time)
{
    private const int FirstCapacity = 1 << 10;

    /// <summary>In each entry: there is one.</summary>
    private const ulong Present = 1;

    /// <summary>In each entry: a row of it came since the last time that entries were forgotten.</summary>
    private const ulong Current = 2;

    private static readonly TimeSpan Generation = TimeSpan.FromMinutes(30);

    /// <summary>Open addressing with linear probing. A power of two, at most three quarters full.</summary>
    private ulong[] _entries = new ulong[FirstCapacity];
    private int _count;
    private long _begun = time.GetTimestamp();

    /// <summary>How many there are. Any thread may ask.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes a series, or finds that it is one too many.</summary>
    public bool Admit(ulong hash)
    {
        ulong key = (hash & ~Current) | Present;
        int place = PlaceOf(key, _entries);
        if (_entries[place] != 0)
        {
            _entries[place] |= Current;
            return true;
        }

        if (most > 0 && _count >= most) return false;
        _entries[place] = key | Current;
        Volatile.Write(ref _count, _count + 1);
        if (4L * _count > 3L * _entries.Length) Keep(_entries.Length * 2, static entry => entry);
        return true;
    }

    /// <summary>Forgets series that are gone, when it is time.</summary>
    public void Forget()
    {
        if (time.GetElapsedTime(_begun) < Generation) return;
        _begun = time.GetTimestamp();
        int current = 0;
        foreach (ulong entry in _entries)
            if ((entry & Current) != 0) current++;
        int capacity = FirstCapacity;
        while (4L * current > 3L * capacity) capacity *= 2;
        Keep(capacity, static entry => (entry & Current) != 0 ? entry & ~Current : 0);
        Volatile.Write(ref _count, current);
    }

    /// <summary>Where an entry is, or where it belongs.</summary>
    private static int PlaceOf(ulong key, ulong[] entries)
    {
        // The low bits say other things.
        int place = (int)(key >> 2) & (entries.Length - 1);
        while (entries[place] != 0 && ((entries[place] ^ key) & ~Current) != 0) place = (place + 1) & (entries.Length - 1);
        return place;
    }

    private void Keep(int capacity, Func<ulong, ulong> keep)
    {
        var entries = new ulong[capacity];
        foreach (ulong entry in _entries)
        {
            ulong kept = keep(entry);
            if (kept != 0) entries[PlaceOf(kept, entries)] = kept;
        }

        _entries = entries;
    }
}
