namespace Llama.Benchmarks.Gate.Page;

/// <summary>How the first matrix came to be seen, in milliseconds after the page was gone to.</summary>
/// <param name="Answered">The last octet of the server's answer was there.</param>
/// <param name="Read">The page had its numbers, from the worker that read them.</param>
/// <param name="Seen">The frame after the one that the matrix was painted in began.</param>
internal sealed record FirstPicture(double Answered, double Read, double Seen);
