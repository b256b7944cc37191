using System.Net.Sockets;
using Llama.Server.Joining;

namespace Llama.Server.Sinks.Delivery;

/// <summary>
/// Gives records to a sink until each was taken or put away: tries again for as long as the sink is away, gives less where it wants
/// less, and finds what it refuses by halves. Nothing that a sink throws comes out of it. Belongs to one pump.
/// </summary>
internal sealed class SinkDelivery(ISink sink, DeadLetters letters, SinkCounters counters, SinkTalk talk, TimeProvider time, Random random)
{
    /// <summary>Most records of one call.</summary>
    public const int MostRecords = 500;

    /// <summary>Most octets of one call, save that it has one record at least.</summary>
    public const int MostBytes = 1 << 20;

    /// <summary>Refusals in a row, without a success between, from which on records are put away whole: it is not one bad row then.</summary>
    private const int MostRefusals = 64;

    /// <summary>What is thrown without reason is taken for a refusal when it comes so often in a row.</summary>
    private const int MostSurprises = 8;

    /// <summary>No sink may ask for a longer pause.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(5);

    private readonly Backoff _backoff = new(random);
    private readonly List<ReadOnlyMemory<byte>> _left = [];
    private int _most = MostRecords;
    private int _refusals;
    private int _surprises;

    /// <summary>Delivers records in their order.</summary>
    /// <param name="records">The records.</param>
    /// <param name="stop">Ends the trying: what is not taken at once then is not taken.</param>
    /// <param name="end">Ends it all.</param>
    /// <returns>False when it was stopped before all were taken or put away.</returns>
    public async Task<bool> DeliverAsync(IEnumerable<ReadOnlyMemory<byte>> records, CancellationToken stop, CancellationToken end)
    {
        _left.Clear();
        _left.AddRange(records);
        int at = 0;
        while (at < _left.Count)
        {
            int count = CountFrom(at);
            SinkException? fault = await TryAsync(_left.GetRange(at, count), end);
            if (end.IsCancellationRequested && fault is not null) return false;
            switch (fault?.Fault)
            {
                case null:
                    at += count;
                    Succeeded();
                    break;
                case SinkFault.TooMuch:
                    at += GiveLess(at, count, fault);
                    break;
                case SinkFault.Refused:
                    at += Refused(at, count, fault);
                    break;
                default:
                    talk.Failed(fault!.Message);
                    if (stop.IsCancellationRequested) return false;
                    await Task.Delay(Pause(fault), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    break;
            }
        }

        return true;
    }

    private async Task<SinkException?> TryAsync(List<ReadOnlyMemory<byte>> records, CancellationToken end)
    {
        try
        {
            counters.Took(await sink.DeliverAsync(records, end));
            return null;
        }
        catch (SinkException fault)
        {
            counters.Failed(fault.Fault switch
            {
                SinkFault.Refused => DeliveryFailure.Refused,
                SinkFault.TooMuch => DeliveryFailure.TooMuch,
                _ => DeliveryFailure.Unavailable,
            });
            return fault;
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or HttpRequestException or SocketException or TimeoutException)
        {
            counters.Failed(DeliveryFailure.Unavailable);
            return new SinkException(SinkFault.Unavailable, $"{sink.Name}: {error.Message}", inner: error);
        }
        catch (InvalidDataException error)
        {
            counters.Failed(DeliveryFailure.Refused);
            return new SinkException(SinkFault.Refused, $"{sink.Name}: {error.Message}", inner: error);
        }
        catch (Exception error)
        {
            // A defect must neither end the process nor hold up what comes behind for ever.
            counters.Failed(DeliveryFailure.Unexpected);
            SinkFault fault = ++_surprises > MostSurprises ? SinkFault.Refused : SinkFault.Unavailable;
            return new SinkException(fault, $"{sink.Name}: {error.GetType().Name}: {error.Message}", inner: error);
        }
    }

    private void Succeeded()
    {
        _backoff.Reset();
        talk.Succeeded();
        _refusals = 0;
        _surprises = 0;
        _most = Math.Min(MostRecords, 2 * _most);
    }

    /// <returns>How many records are done with.</returns>
    private int GiveLess(int at, int count, SinkException fault)
    {
        if (count > 1)
        {
            _most = count / 2;
            return 0;
        }

        if (Halve(at)) return 0;
        letters.AddRecord(_left[at].Span, fault.Message);
        return 1;
    }

    /// <returns>How many records are done with.</returns>
    private int Refused(int at, int count, SinkException fault)
    {
        talk.Succeeded();
        _backoff.Reset();
        if (!fault.Body.IsEmpty)
        {
            letters.AddBody(fault.Body.Span, fault.Message);
            return count;
        }

        if (count > 1)
        {
            _most = _refusals++ < MostRefusals ? count / 2 : 1;
            return 0;
        }

        if (_refusals++ < MostRefusals && Halve(at)) return 0;
        letters.AddRecord(_left[at].Span, fault.Message);
        return 1;
    }

    private bool Halve(int at)
    {
        try
        {
            if (RecordHalves.Of(_left[at].Span) is not var (first, second)) return false;
            _left[at] = first;
            _left.Insert(at + 1, second);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private int CountFrom(int at)
    {
        int count = 1;
        long octets = _left[at].Length;
        while (count < _most && at + count < _left.Count && (octets += _left[at + count].Length) <= MostBytes) count++;
        return count;
    }

    private TimeSpan Pause(SinkException fault)
    {
        TimeSpan pause = _backoff.Next();
        return fault.RetryAfter is { } wanted && wanted > pause ? TimeSpan.FromTicks(Math.Min(wanted.Ticks, LongestRetryAfter.Ticks)) : pause;
    }
}
