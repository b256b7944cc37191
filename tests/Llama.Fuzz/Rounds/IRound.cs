namespace Llama.Fuzz.Rounds;

/// <summary>One way of being hostile, and what must hold all the same.</summary>
internal interface IRound
{
    /// <summary>What it is called on the command line.</summary>
    string Name { get; }

    /// <summary>One line for people.</summary>
    string Title { get; }

    /// <summary>Which part of all datagrams it gets.</summary>
    double Share { get; }

    /// <summary>Which part of the time it may take.</summary>
    double TimeShare { get; }

    /// <summary>Runs it.</summary>
    /// <exception cref="Violation">Something did not hold.</exception>
    void Run(Campaign campaign);
}
