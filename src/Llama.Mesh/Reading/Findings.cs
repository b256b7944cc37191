namespace Llama.Mesh.Reading;

/// <summary>Gathers what is wrong with a file, so that all of it is told at once.</summary>
internal sealed class Findings(string file)
{
    /// <summary>Most that are kept of each kind: enough to mend a file by, and a bound for a file that is nothing but mistakes.</summary>
    private const int MaxKept = 1000;

    private readonly List<ConfigurationError> _errors = [];
    private readonly List<ConfigurationError> _unfit = [];
    private readonly List<ConfigurationError> _warnings = [];

    /// <summary>True once anything was found that keeps the file from being used.</summary>
    public bool HasErrors => _errors.Count > 0;

    /// <summary>Of mistakes, by line.</summary>
    public IReadOnlyList<ConfigurationError> Errors => Sorted(_errors);

    /// <summary>Of what is accepted and most likely not meant, by line.</summary>
    public IReadOnlyList<ConfigurationError> Warnings => Sorted(_warnings);

    /// <summary>A mistake. The original does not start with it either, or measures something else than is meant.</summary>
    public void Error(int line, KeyPath path, string message) => Add(_errors, line, path, message);

    /// <summary>A mistake in a part that the original minds only once a test uses it: see <see cref="Take"/>.</summary>
    public void Unfit(int line, KeyPath path, string message) => Add(_unfit, line, path, message);

    /// <summary>Accepted, and most likely not meant.</summary>
    public void Warning(int line, KeyPath path, string message) => Add(_warnings, line, path, message);

    /// <summary>Gathers a part of the file on its own.</summary>
    public Findings Part() => new(file);

    /// <summary>Takes what was found in a part; where no test uses it, what is merely unfit becomes a warning.</summary>
    public void Take(Findings part, bool inUse)
    {
        Add(_errors, part._errors);
        Add(inUse ? _errors : _warnings, part._unfit);
        Add(_warnings, part._warnings);
    }

    private void Add(List<ConfigurationError> to, int line, KeyPath path, string message)
    {
        if (to.Count < MaxKept)
            to.Add(new ConfigurationError(file, line, path.ToString(), message));
    }

    private static void Add(List<ConfigurationError> to, List<ConfigurationError> more) => to.AddRange(more.Take(MaxKept - to.Count));

    private static ConfigurationError[] Sorted(List<ConfigurationError> findings) =>
        [.. findings.Distinct().OrderBy(finding => finding.Line)];
}
