using Llama.Benchmarks.Gate;

// Measures llama against references and prints one table: llama-bench ROOT [--quick] [--only WORD].
// ROOT is the repository, where the executables, the references' sources and docs/benchmarks.md are.
if (args is not [string root, .. string[] options] || !Directory.Exists(root))
{
    Console.Error.WriteLine("usage: llama-bench ROOT [--quick] [--only WORD]");
    return 2;
}

string? only = null;
bool isQuick = false;
for (int i = 0; i < options.Length; i++)
{
    if (options[i] == "--quick")
    {
        isQuick = true;
    }
    else if (options[i] == "--only" && i + 1 < options.Length)
    {
        only = options[++i];
    }
    else
    {
        Console.Error.WriteLine($"llama-bench: {options[i]}: is neither --quick nor --only WORD");
        return 2;
    }
}

using var ending = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = true;
    ending.Cancel();
};

try
{
    await BenchRun.RunAsync(Path.GetFullPath(root), isQuick, only, Console.Out, ending.Token).ConfigureAwait(false);
    return 0;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("llama-bench: interrupted; what it started has been ended, and nothing is written");
    return 130;
}
