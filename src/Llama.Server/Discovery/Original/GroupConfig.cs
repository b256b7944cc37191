using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Llama.Mesh.Membership;
using Llama.Mesh.Plans;
using Microsoft.AspNetCore.Http;

namespace Llama.Server.Discovery.Original;

/// <summary>
/// The configurations of all probes of a group as the original's YAML: what is the same for all is written out once for each plan, so
/// that a probe's configuration is copied together. Immutable; any thread may call it.
/// </summary>
internal sealed class GroupConfig
{
    // Enough to be worth a call, and no more than a connection buffers.
    private const int PortionBytes = 64 * 1024;

    private static readonly byte[] Targets = "\ntargets:\n"u8.ToArray();

    private static readonly ConditionalWeakTable<GroupPlan, Lazy<GroupConfig>> Known = [];

    private readonly byte[] _head;
    private readonly ConfigTest[] _tests;

    private GroupConfig(GroupPlan plan)
    {
        _head = Encoding.UTF8.GetBytes(ConfigHead.Write(plan.Settings));
        _tests = [.. plan.Tests.Select((test, i) => new ConfigTest(test, isOwnGroup: i == 0))];
    }

    /// <summary>The configurations that a plan makes.</summary>
    public static GroupConfig Of(GroupPlan plan) =>
        Known.GetValue(plan, static plan => new Lazy<GroupConfig>(() => new GroupConfig(plan))).Value;

    /// <summary>The probe that may be sent to at an address and port; null when there is none.</summary>
    public Registration? Find(IPAddress address, int port) => _tests[0].Find(address, port);

    /// <summary>Answers with the configuration of a probe.</summary>
    public async Task SendAsync(HttpContext context, Registration probe)
    {
        var asker = ConfigAsker.Of(probe);
        ConfigTest[] tests = [.. _tests.Where(test => test.TargetsOf(probe).Any())];
        long length = _head.Length + Targets.Length;
        foreach (ConfigTest test in tests)
        {
            length += test.Reference.Length + test.Heading.Length;
            foreach ((ConfigTarget target, bool isOwn) in test.TargetsOf(probe)) length += target.Length(asker, isOwn);
        }

        context.Response.ContentType = HtmlPages.ContentType;
        context.Response.ContentLength = length;
        if (HttpMethods.IsHead(context.Request.Method)) return;

        await context.Response.StartAsync(context.RequestAborted);
        PipeWriter output = context.Response.BodyWriter;
        output.Write(_head);
        foreach (ConfigTest test in tests) output.Write(test.Reference);
        output.Write(Targets);
        int portion = 0;
        foreach (ConfigTest test in tests)
        {
            output.Write(test.Heading);
            foreach ((ConfigTarget target, bool isOwn) in test.TargetsOf(probe))
            {
                target.Write(output, asker, isOwn);
                portion += target.Length(asker, isOwn);
                if (portion < PortionBytes) continue;
                if ((await output.FlushAsync(context.RequestAborted)).IsCompleted) return;
                portion = 0;
            }
        }

        await output.FlushAsync(context.RequestAborted);
    }
}
