namespace Llama.Engine.Reflecting;

/// <summary>
/// How many datagrams of each session have been received, in a table of fixed size: sets of four places, the one unused for
/// longest giving way. A session that lost its place starts again at 1, which its collector notices. Belongs to one worker.
/// </summary>
internal sealed class SessionTable(ulong seed)
{
    private const int Ways = 4;
    private const int Sets = 1 << 15;

    private readonly Place[] _places = new Place[Sets * Ways];

    /// <summary>Counts one datagram of a session.</summary>
    /// <param name="session">The session.</param>
    /// <param name="nowSeconds">Any clock that goes forward; tells which place was unused for longest.</param>
    /// <returns>The count, this datagram included.</returns>
    public uint Count(ulong session, uint nowSeconds)
    {
        int set = (int)(SecretHash.Mix(seed, session) & (Sets - 1)) * Ways;
        int oldest = set;
        for (int i = set; i < set + Ways; i++)
        {
            ref Place place = ref _places[i];
            if (place.Session == session && place.Receives > 0)
            {
                place.UsedSeconds = nowSeconds;
                return ++place.Receives;
            }

            if (place.Receives == 0 || (place.UsedSeconds < _places[oldest].UsedSeconds && _places[oldest].Receives > 0)) oldest = i;
        }

        _places[oldest] = new Place { Session = session, Receives = 1, UsedSeconds = nowSeconds };
        return 1;
    }

    private struct Place
    {
        public ulong Session;
        public uint Receives;
        public uint UsedSeconds;
    }
}
