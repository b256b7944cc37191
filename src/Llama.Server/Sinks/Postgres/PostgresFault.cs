using System.Data.Common;
using System.Net.Sockets;
using Npgsql;

namespace Llama.Server.Sinks.Postgres;

/// <summary>Tells what an error of PostgreSQL means for the records that were to be written.</summary>
internal static class PostgresFault
{
    /// <summary>True for what comes of the database, the way there, or the records; anything else is a mistake of ours.</summary>
    public static bool IsExpected(Exception error) => error is DbException or IOException or TimeoutException or SocketException or InvalidDataException;

    /// <summary>What it means.</summary>
    public static SinkException Of(Exception error, string name) => error switch
    {
        PostgresException refusal => new SinkException(FaultOf(refusal.SqlState), $"{name}: {OneLine(refusal.MessageText)} ({refusal.SqlState})", inner: error),
        InvalidDataException => new SinkException(SinkFault.Refused, $"{name}: {error.Message}", inner: error),
        _ => new SinkException(SinkFault.Unavailable, $"{name}: {OneLine(Told(error))}", inner: error),
    };

    /// <summary>
    /// By the class of the SQLSTATE (PostgreSQL's manual, appendix A): data that does not fit (22), that a constraint forbids (23), or
    /// that is more than a row may hold (54) never will be taken. All else, from a full disk to a missing right, somebody can mend.
    /// </summary>
    public static SinkFault FaultOf(string sqlState) =>
        sqlState.Length >= 2 && sqlState[..2] is "22" or "23" or "54" ? SinkFault.Refused : SinkFault.Unavailable;

    private static string Told(Exception error) => error.InnerException is { } cause ? $"{error.Message}: {cause.Message}" : error.Message;

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
