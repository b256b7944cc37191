using Llama.Storage.Spooling;

namespace Llama.Tests.Storage.Spooling;

/// <summary>
/// A process that appends and acknowledges as fast as it can, and says after each how many are appended (<c>+7.</c>) or acknowledged
/// (<c>-4.</c>) in all, to be killed in the middle of it.
/// </summary>
internal static class SpoolingProcess
{
    public const int MostInBatch = 7;

    public static SpoolLimits Limits { get; } = new() { SegmentBytes = 10_000 };

    public static int Run(string directory)
    {
        using Spool spool = Spool.Open(directory, ["a"], Limits, TimeProvider.System, Console.Error.WriteLine);
        using Stream output = Console.OpenStandardOutput();
        SpoolReader reader = spool.Reader("a");

        // Where the one before stopped: some of what it left is always there, for only half of what is appended gets acknowledged.
        int next = SpoolFolder.ReadAll(reader) is [.., var last] ? last + 1 : 0;
        reader.Rewind();
        while (true)
        {
            for (int i = 0; i < 2 * MostInBatch; i++)
            {
                spool.Append(SpoolFolder.Record(next, 10 + next % 400));
                Say($"+{++next}.\n");
            }

            SpoolBatch batch = reader.Read(MostInBatch, 1 << 20)!;
            reader.Acknowledge(batch.End);
            Say($"-{SpoolFolder.IndexOf(batch.Records[^1]) + 1}.\n");
        }

        void Say(string line) => output.Write(System.Text.Encoding.ASCII.GetBytes(line));
    }
}
