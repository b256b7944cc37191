namespace Llama.Server.Scraping;

/// <summary>What came of asking a collector once.</summary>
internal enum ScrapeOutcome
{
    /// <summary>A report that was not known is kept.</summary>
    Taken,

    /// <summary>The newest report is known already.</summary>
    Unchanged,

    /// <summary>It has nothing to report yet.</summary>
    Nothing,

    /// <summary>No connection, or it broke off.</summary>
    Unreachable,

    /// <summary>No whole answer in time.</summary>
    Timeout,

    /// <summary>The answer is an HTTP error.</summary>
    HttpError,

    /// <summary>The answer is no report.</summary>
    Malformed,

    /// <summary>The answer is longer than any report.</summary>
    TooLarge,

    /// <summary>The report could not be kept.</summary>
    NotKept,
}
