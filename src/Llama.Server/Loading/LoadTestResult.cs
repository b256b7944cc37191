using Llama.Engine.Summaries;

namespace Llama.Server.Loading;

/// <summary>What a load test found. Immutable.</summary>
/// <param name="Steps">What was asked for, in the order of <see cref="LoadStep"/>; those that never happened are left out.</param>
/// <param name="FirstProblem">What went wrong first; null when nothing did.</param>
public sealed record LoadTestResult(IReadOnlyList<LoadStepResult> Steps, string? FirstProblem);

/// <summary>One kind of request.</summary>
/// <param name="Step">Which.</param>
/// <param name="Times">From sending a request to having all of its answer, in nanoseconds. Failures are not in it.</param>
/// <param name="Failed">How many were refused, or had no answer.</param>
/// <param name="Bytes">Octets of all answers' bodies.</param>
/// <param name="Elapsed">From the first request of the phase it belongs to, to the last answer of it.</param>
public sealed record LoadStepResult(LoadStep Step, LatencyHistogram Times, long Failed, long Bytes, TimeSpan Elapsed)
{
    /// <summary>Answers in a second; null when it took no time.</summary>
    public double? PerSecond => Elapsed > TimeSpan.Zero ? Times.Count / Elapsed.TotalSeconds : null;
}

/// <summary>What a synthetic probe does.</summary>
public enum LoadStep
{
    /// <summary>Joins.</summary>
    Join,

    /// <summary>Renews its lease.</summary>
    Renew,

    /// <summary>Fetches a configuration that has changed.</summary>
    Configuration,

    /// <summary>Asks for a configuration that has not.</summary>
    Unchanged,
}

/// <summary>How far a load test has come.</summary>
/// <param name="Joined">Probes that have joined.</param>
/// <param name="Held">How long they have been holding on since.</param>
/// <param name="Failed">Requests that failed.</param>
public readonly record struct LoadTestProgress(int Joined, TimeSpan Held, long Failed);
