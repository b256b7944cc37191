namespace Llama.Server.History;

/// <summary>A question that can't be answered; the message says what is wrong, and what to ask instead.</summary>
/// <param name="status">The HTTP status that says so.</param>
/// <param name="message">What is wrong.</param>
internal sealed class QueryRefusedException(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status that says so.</summary>
    public int Status { get; } = status;
}
