namespace Llama.Server.Intake;

/// <summary>A push that is not taken, and the answer that says so.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="detail">What is wrong, where, and what to do.</param>
internal sealed class PushRefusedException(int status, string detail) : Exception(detail)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;
}
