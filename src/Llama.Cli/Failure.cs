namespace Llama.Cli;

/// <summary>Ends a command with exit code 1. Its message is for the user: what is wrong, where, and what to do; a line for each thing.</summary>
internal sealed class Failure : Exception
{
    public Failure(string message)
        : base(message)
    {
    }

    public Failure(string message, Exception inner)
        : base(message, inner)
    {
    }
}
