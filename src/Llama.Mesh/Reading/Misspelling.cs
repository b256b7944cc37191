namespace Llama.Mesh.Reading;

/// <summary>Finds the word that was most likely meant.</summary>
internal static class Misspelling
{
    /// <summary>
    /// The word of <paramref name="words"/> that <paramref name="text"/> is one slip away from (a letter too many, too few, wrong,
    /// or two swapped), or two slips where the word has more than four letters; null if there is none. Case counts for nothing.
    /// </summary>
    public static string? Of(string text, IEnumerable<string> words)
    {
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string word in words)
        {
            int allowed = word.Length switch { <= 2 => 0, <= 4 => 1, _ => 2 };
            if (Math.Abs(word.Length - text.Length) > allowed || word.Length > 64)
                continue;
            int distance = Distance(text.ToUpperInvariant(), word.ToUpperInvariant());
            if (distance <= allowed && distance < bestDistance)
                (best, bestDistance) = (word, distance);
        }

        return best;
    }

    // Optimal string alignment: Levenshtein's distance plus swaps of neighbours.
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
            d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++)
            d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int substitution = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(substitution, Math.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }

        return d[a.Length, b.Length];
    }
}
