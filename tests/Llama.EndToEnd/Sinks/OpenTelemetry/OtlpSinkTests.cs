using System.Globalization;
using System.Net;
using Llama.Server.Sinks;
using Llama.Server.Sinks.OpenTelemetry;
using Llama.Server.Sinks.Records;

namespace Llama.EndToEnd.Sinks.OpenTelemetry;

/// <summary>What an OTLP receiver gets over HTTP, decoded and compared with what was measured.</summary>
public sealed class OtlpSinkTests : IAsyncLifetime
{
    private OtlpReceiver? _receiver;

    private OtlpReceiver Receiver => _receiver ?? throw new InvalidOperationException("not started");

    public async Task InitializeAsync() => _receiver = await OtlpReceiver.StartAsync();

    public async Task DisposeAsync() => await Receiver.DisposeAsync();

    [Fact]
    public async Task Counters_and_histograms_are_what_was_measured()
    {
        await using OtlpSink sink = Sink("?gzip=true");

        long written = await sink.DeliverAsync([SampleRecord.Of(0, pairs: 2), SampleRecord.Of(1, pairs: 2, flags: RecordFlags.Suspect)], default);

        Assert.Equal(12, written);
        OtlpPoint lost = Assert.Single(Receiver.Of("llama.datagrams.lost", attribute: "dst_ip=10.0.0.3"));
        Assert.Equal("class=EF,dst_ip=10.0.0.3,dst_name=b1,dst_port=8100,group=default,src_ip=10.0.0.1,src_name=a", lost.Attributes);
        Assert.Equal(("sum", true, true, "{datagram}", 2.0), (lost.Kind, lost.IsCumulative, lost.IsMonotonic, lost.Unit, lost.Value));
        OtlpPoint rtt = Assert.Single(Receiver.Of("llama.rtt", attribute: "dst_ip=10.0.0.3"));
        Assert.Equal(("histogram", true, "s", 58UL), (rtt.Kind, rtt.IsCumulative, rtt.Unit, rtt.Count));
        Assert.Equal(rtt.Bounds.Count + 1, rtt.BucketCounts.Count);
        Assert.Equal([(0.0025, 58UL)], rtt.Bounds.Zip(rtt.BucketCounts).Where(bucket => bucket.Second > 0));
        Assert.Equal(40 * 1.00352e-3 + 18 * 2.00704e-3, rtt.Value, precision: 9);
        Assert.Equal(1.000001e-3, Assert.Single(Receiver.Of("llama.rtt.mean", attribute: "dst_ip=10.0.0.3")).Value, precision: 12);
        Assert.Equal((120.0, 120.0), (Receiver.Total("llama.datagrams.sent"), Receiver.Total("llama.flow.datagrams.sent")));
        Assert.Equal(2, Receiver.Total("llama.intervals.suspect"));
        Assert.All(Receiver.Of("llama.flow.datagrams.sent", attribute: "src_port=50001"), flow => Assert.Equal(30, flow.Value));
    }

    [Fact]
    public async Task Each_probe_is_a_resource_of_its_own()
    {
        await using OtlpSink sink = Sink();

        await sink.DeliverAsync([SampleRecord.Of(0), SampleRecord.Of(0, origin: "default/b"), SampleRecord.Of(1, origin: "10.0.0.9:5000")], default);

        string[] resources = [.. Receiver.Points.Select(point => point.Resource).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(3, resources.Length);
        Assert.StartsWith(
            $"llama.exported_by={Environment.MachineName},llama.tag.region=west,service.instance.id=10.0.0.9:5000,service.name=llama",
            resources[2],
            StringComparison.Ordinal);
        Assert.StartsWith(
            $"llama.exported_by={Environment.MachineName},llama.group=default,llama.probe=a,llama.tag.region=west,"
            + "service.instance.id=default/a,service.name=llama",
            resources[0],
            StringComparison.Ordinal);
        Assert.Equal(90, Receiver.Total("llama.datagrams.sent", "llama.probe=b,"));
    }

    [Fact]
    public async Task A_receiver_that_fails_gets_everything_once()
    {
        await using OtlpSink sink = Sink();
        await sink.DeliverAsync([SampleRecord.Of(0)], default);
        Receiver.Behave = (context, _) =>
        {
            context.Response.StatusCode = (int)HttpStatusCode.ServiceUnavailable;
            context.Response.Headers.RetryAfter = "7";
            return Task.FromResult(false);
        };

        for (int attempt = 0; attempt < 3; attempt++)
        {
            SinkException failure = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([SampleRecord.Of(1), SampleRecord.Of(2)], default));
            Assert.Equal((SinkFault.Unavailable, TimeSpan.FromSeconds(7)), (failure.Fault, failure.RetryAfter));
            Assert.EndsWith("it answered 503 ServiceUnavailable", failure.Message, StringComparison.Ordinal);
        }

        Receiver.Behave = (_, _) => Task.FromResult(true);
        long written = await sink.DeliverAsync([SampleRecord.Of(1), SampleRecord.Of(2), SampleRecord.Of(3)], default);

        Assert.Equal(27, written);
        Assert.Equal((360.0, 348.0), (Receiver.Total("llama.datagrams.sent"), Receiver.Total("llama.rtt")));
    }

    [Fact]
    public async Task An_answer_that_is_lost_doubles_nothing()
    {
        await using OtlpSink sink = Sink();
        await sink.DeliverAsync([SampleRecord.Of(0)], default);
        Receiver.Behave = (context, _) =>
        {
            context.Abort();
            return Task.FromResult(true);
        };

        SinkException failure = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([SampleRecord.Of(1)], default));
        Receiver.Behave = (_, _) => Task.FromResult(true);
        await sink.DeliverAsync([SampleRecord.Of(1)], default);

        Assert.Equal(SinkFault.Unavailable, failure.Fault);
        Assert.Equal(180, Receiver.Total("llama.datagrams.sent"));
    }

    [Fact]
    public async Task A_slow_receiver_is_given_up_and_asked_again()
    {
        await using OtlpSink sink = Sink("?timeout-s=1");
        Receiver.Behave = async (context, _) =>
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        };

        SinkException failure = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([SampleRecord.Of(0)], default));
        Receiver.Behave = (_, _) => Task.FromResult(true);
        await sink.DeliverAsync([SampleRecord.Of(0)], default);

        Assert.Equal(SinkFault.Unavailable, failure.Fault);
        Assert.EndsWith("no answer within 1 s", failure.Message, StringComparison.Ordinal);
        Assert.Equal(90, Receiver.Total("llama.datagrams.sent"));
    }

    [Fact]
    public async Task Giving_up_a_delivery_does_not_wait_for_the_receiver()
    {
        await using OtlpSink sink = Sink("?timeout-s=600");
        using var end = new CancellationTokenSource();
        Receiver.Behave = async (context, _) =>
        {
            await end.CancelAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sink.DeliverAsync([SampleRecord.Of(0)], end.Token));
    }

    [Fact]
    public async Task A_receiver_that_goes_and_comes_back_misses_nothing()
    {
        await using OtlpSink sink = Sink();
        var waiting = new List<ReadOnlyMemory<byte>>();
        int failures = 0;
        for (int interval = 0; interval < 20; interval++)
        {
            if (interval == 7) await Receiver.GoAwayAsync();
            if (interval == 13) await Receiver.ComeBackAsync();
            waiting.Add(SampleRecord.Of(interval));
            try
            {
                await sink.DeliverAsync(waiting, default);
                waiting.Clear();
            }
            catch (SinkException failure)
            {
                Assert.Equal(SinkFault.Unavailable, failure.Fault);
                failures++;
            }
        }

        Assert.Equal(6, failures);
        Assert.Equal(20 * 90, Receiver.Total("llama.datagrams.sent"));
        Assert.Equal(20 * 87, Receiver.Total("llama.rtt"));
    }

    [Fact]
    public async Task What_is_refused_is_forgotten_and_holds_up_nobody()
    {
        await using OtlpSink sink = Sink();
        ReadOnlyMemory<byte>[] both = [SampleRecord.Of(1, origin: "default/bad"), SampleRecord.Of(1)];
        await sink.DeliverAsync([SampleRecord.Of(0, origin: "default/bad"), SampleRecord.Of(0)], default);
        Receiver.Behave = (context, points) =>
        {
            bool isBad = points.Any(point => point.Resource.Contains("default/bad", StringComparison.Ordinal));
            if (isBad) context.Response.StatusCode = (int)HttpStatusCode.BadRequest;
            return Task.FromResult(!isBad);
        };

        SinkException refusal = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync(both, default));
        SinkException again = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync(both[..1], default));
        await sink.DeliverAsync(both[1..], default);
        Receiver.Behave = (_, _) => Task.FromResult(true);
        await sink.DeliverAsync([SampleRecord.Of(2, origin: "default/bad"), SampleRecord.Of(2)], default);

        Assert.Equal((SinkFault.Refused, SinkFault.Refused), (refusal.Fault, again.Fault));
        Assert.Equal(270, Receiver.Total("llama.datagrams.sent", "probe=a,"));
        Assert.Equal(180, Receiver.Total("llama.datagrams.sent", "probe=bad"));
    }

    [Fact]
    public async Task Series_that_become_many_all_arrive()
    {
        await using OtlpSink sink = Sink();
        int[] pairs = [1, 21, 22, 64, 65, 200, 200];
        int interval = 0;
        foreach (int count in pairs) await sink.DeliverAsync([SampleRecord.Of(interval++, pairs: count)], default);

        Assert.Equal(pairs.Sum() * 30, Receiver.Total("llama.datagrams.sent"));
        Assert.Equal(pairs.Sum() * 30, Receiver.Total("llama.flow.datagrams.sent"));
        Assert.Equal(200, Receiver.Of("llama.datagrams.sent").Select(point => point.Attributes).Distinct().Count());
        Assert.DoesNotContain(Receiver.Points, point => point.Attributes.Contains("otel.metric.overflow", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Round_trip_times_can_be_counters()
    {
        await using OtlpSink sink = Sink("?rtt=counters");

        await sink.DeliverAsync([SampleRecord.Of(0, pairs: 70), SampleRecord.Of(1, pairs: 70)], default);

        Assert.Empty(Receiver.Of("llama.rtt"));
        Assert.Equal((0.0, 58.0, 58.0), (UpTo("0.001"), UpTo("0.0025"), UpTo("+Inf")));
        Assert.Equal(70 * 21, Receiver.Of("llama.rtt.up_to").Select(point => point.Attributes).Distinct().Count());

        double UpTo(string bound) =>
            Receiver.Of("llama.rtt.up_to", attribute: "dst_ip=10.0.0.3,").Single(point => point.Attributes.Contains($",le={bound},", StringComparison.Ordinal)).Value;
    }

    [Fact]
    public async Task A_damaged_record_is_refused_and_leaves_nothing_behind()
    {
        await using OtlpSink sink = Sink();

        SinkException refusal = await Assert.ThrowsAsync<SinkException>(() => sink.DeliverAsync([SampleRecord.Of(0)[..^5]], default));
        await sink.DeliverAsync([SampleRecord.Of(0)], default);

        Assert.Equal(SinkFault.Refused, refusal.Fault);
        Assert.Equal(90, Receiver.Total("llama.datagrams.sent"));
    }

    [Fact]
    public async Task A_sink_that_ends_sends_nothing_more()
    {
        int before;
        await using (OtlpSink sink = Sink())
        {
            await sink.DeliverAsync([SampleRecord.Of(0)], default);
            before = Receiver.Requests;
        }

        Assert.Equal((1, 1), (before, Receiver.Requests));
    }

    [Fact]
    public async Task Headers_of_a_file_go_with_each_request()
    {
        string file = Path.GetTempFileName();
        string? seen = null;
        Receiver.Behave = (context, _) =>
        {
            seen = string.Create(CultureInfo.InvariantCulture, $"{context.Request.Headers.Authorization} {context.Request.Headers["X-Tenant"]}");
            return Task.FromResult(true);
        };
        try
        {
            await File.WriteAllTextAsync(file, "Authorization: Bearer abc\nX-Tenant: net\n");
            await using OtlpSink sink = Sink($"?headers-file={file}");
            await sink.DeliverAsync([SampleRecord.Of(0)], default);
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Equal("Bearer abc net", seen);
    }

    private OtlpSink Sink(string parameters = "") => new(OtlpOptions.Of(SinkUri.Parse(Receiver.Address + parameters)), TimeProvider.System);
}
