using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Llama.Server.Discovery.Access;

/// <summary>
/// A rate for each source of requests: an IPv4 address, or a /64 of IPv6, which is what one host has at hand. The table has a
/// fixed size. Where two sources share a place the newer one takes it with a full burst, so crowding only ever lets more through.
/// Any thread may call it.
/// </summary>
internal sealed class SourceRates
{
    private const int Places = 1 << 15;

    private readonly Place[] _places;
    private readonly TimeProvider _time;
    private readonly TimeSpan _perRequest;
    private readonly TimeSpan _burst;

    /// <summary>Nobody has asked for anything yet.</summary>
    /// <param name="perSecond">Requests in a second of each source, above 0; null for no limit. Ten times as many may come at once.</param>
    /// <param name="time">What the rate goes by.</param>
    public SourceRates(double? perSecond, TimeProvider time)
    {
        _time = time;
        _places = perSecond is null ? [] : new Place[Places];
        _perRequest = TimeSpan.FromSeconds(1 / perSecond ?? 0);
        _burst = _perRequest * Math.Max(1, Math.Floor(10 * perSecond ?? 0));
    }

    /// <summary>Counts a request.</summary>
    /// <returns>Null when it is within the rate, else how long the source is to wait.</returns>
    public TimeSpan? Refuse(IPAddress source)
    {
        if (_places.Length == 0) return null;
        TimeSpan now = _time.GetElapsedTime(0);
        UInt128 key = KeyOf(source);

        // The runtime's hash of UInt128 is seeded: nobody outside can choose to share a place with another.
        ref Place place = ref _places[HashCode.Combine(key) & (Places - 1)];
        lock (_places)
        {
            if (place.Source != key) place = new Place { Source = key, SpentUntil = now - _burst };
            TimeSpan from = place.SpentUntil > now - _burst ? place.SpentUntil : now - _burst;
            if (now - from < _perRequest) return _perRequest - (now - from);
            place.SpentUntil = from + _perRequest;
            return null;
        }
    }

    private static UInt128 KeyOf(IPAddress source)
    {
        Span<byte> octets = stackalloc byte[16];
        octets.Clear();
        source.TryWriteBytes(octets, out int length);
        if (source.AddressFamily == AddressFamily.InterNetworkV6) octets[8..].Clear();
        return BinaryPrimitives.ReadUInt128BigEndian(octets) + (UInt128)(ulong)length;
    }

    private struct Place
    {
        public UInt128 Source;
        public TimeSpan SpentUntil;
    }
}
