using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Llama.Tests.Server;

/// <summary>Text of every kind: plain, escapes, controls, all planes of Unicode, and halves of surrogate pairs.</summary>
internal static class AnyText
{
    public static Gen<string> Gen { get; } = FsCheck.Fluent.Gen.OneOf(
            FsCheck.Fluent.Gen.Choose(0x20, 0x7E).Select(c => ((char)c).ToString()),
            FsCheck.Fluent.Gen.Choose(0, 0x1F).Select(c => ((char)c).ToString()),
            FsCheck.Fluent.Gen.Elements("\"", "\\", "<", ">", "&", "\u2028", "\u2029", "\uFFFD", "\u007F", "n", ",", "{", "}", "="),
            FsCheck.Fluent.Gen.Choose(0, 0xFFFF).Select(c => ((char)c).ToString()),
            FsCheck.Fluent.Gen.Choose(0x10000, 0x10FFFF).Select(char.ConvertFromUtf32))
        .ListOf().Select(string.Concat);

    public static Arbitrary<string> Arbitrary => Arb.From(Gen);

    public static Arbitrary<Dictionary<string, string>> Tags() => Arb.From(
        FsCheck.Fluent.Gen.Zip(Gen, Gen).ListOf().Select(pairs => pairs
            .GroupBy(pair => WellFormed(pair.Item1)).ToDictionary(group => group.First().Item1, group => group.First().Item2)));

    /// <summary>The text as it is once it has been UTF-8: halves of surrogate pairs replaced.</summary>
    public static string WellFormed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
