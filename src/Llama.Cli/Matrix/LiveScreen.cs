using System.Text;

namespace Llama.Cli.Matrix;

/// <summary>
/// A picture that is drawn over and over in the same place. It takes the terminal's other screen, so that what was there comes
/// back when it is disposed, and draws each picture as one synchronized update, line over line: nothing flickers.
/// </summary>
internal sealed class LiveScreen : IDisposable
{
    private const string Enter = "\e[?1049h\e[?25l\e[2J";
    private const string Leave = "\e[?25h\e[?1049l";
    private const string BeginUpdate = "\e[?2026h\e[H";
    private const string EndUpdate = "\e[J\e[?2026l";
    private const string EraseRestOfLine = "\e[K";

    private readonly TextWriter _terminal;

    public LiveScreen(TextWriter terminal)
    {
        _terminal = terminal;
        Write(Enter);
    }

    /// <summary>Shows a picture in place of the last one.</summary>
    /// <param name="picture">Lines with escape codes for colours only.</param>
    /// <param name="height">Rows of the terminal; further lines are left out.</param>
    public void Show(string picture, int height)
    {
        string[] lines = picture.TrimEnd('\n').Split('\n');
        var text = new StringBuilder(BeginUpdate);
        for (int i = 0; i < Math.Min(lines.Length, height); i++)
        {
            if (i > 0) text.Append("\r\n");
            text.Append(lines[i]).Append(EraseRestOfLine);
        }

        Write(text.Append(EndUpdate).ToString());
    }

    /// <inheritdoc/>
    public void Dispose() => Write(Leave);

    private void Write(string text)
    {
        _terminal.Write(text);
        _terminal.Flush();
    }
}
