using System.Net.Sockets;
using Llama.Server.Sinks;
using Llama.Server.Sinks.Postgres;
using Npgsql;

namespace Llama.Tests.Sinks.Postgres;

public sealed class PostgresFaultTests
{
    [Theory]
    [InlineData("22021", nameof(SinkFault.Refused))]
    [InlineData("22003", nameof(SinkFault.Refused))]
    [InlineData("23514", nameof(SinkFault.Refused))]
    [InlineData("54000", nameof(SinkFault.Refused))]
    [InlineData("08006", nameof(SinkFault.Unavailable))]
    [InlineData("25006", nameof(SinkFault.Unavailable))]
    [InlineData("28P01", nameof(SinkFault.Unavailable))]
    [InlineData("3D000", nameof(SinkFault.Unavailable))]
    [InlineData("40P01", nameof(SinkFault.Unavailable))]
    [InlineData("42501", nameof(SinkFault.Unavailable))]
    [InlineData("42P01", nameof(SinkFault.Unavailable))]
    [InlineData("53100", nameof(SinkFault.Unavailable))]
    [InlineData("53300", nameof(SinkFault.Unavailable))]
    [InlineData("57014", nameof(SinkFault.Unavailable))]
    [InlineData("57P03", nameof(SinkFault.Unavailable))]
    [InlineData("", nameof(SinkFault.Unavailable))]
    public void A_sqlstate_tells_whether_another_try_is_worth_it(string sqlState, string fault)
    {
        Assert.Equal(fault, PostgresFault.FaultOf(sqlState).ToString());
        Assert.Equal(fault, PostgresFault.Of(new PostgresException("no", "ERROR", "ERROR", sqlState), "db").Fault.ToString());
    }

    [Fact]
    public void The_message_is_one_line_and_says_where()
    {
        SinkException refused = PostgresFault.Of(new PostgresException("value out\nof range", "ERROR", "ERROR", "22003"), "postgres db:5432/llama");
        SinkException away = PostgresFault.Of(new NpgsqlException("Failed to connect", new SocketException((int)SocketError.ConnectionRefused)), "postgres db:5432/llama");
        SinkException damaged = PostgresFault.Of(new InvalidDataException("The record of a report is damaged."), "postgres db:5432/llama");

        Assert.Equal("postgres db:5432/llama: value out of range (22003)", refused.Message);
        Assert.StartsWith("postgres db:5432/llama: Failed to connect: ", away.Message, StringComparison.Ordinal);
        Assert.Equal((SinkFault.Unavailable, SinkFault.Refused), (away.Fault, damaged.Fault));
    }

    [Fact]
    public void A_mistake_of_the_program_is_no_fault_of_the_database()
    {
        Assert.False(PostgresFault.IsExpected(new ArgumentException("ours")));
        Assert.True(PostgresFault.IsExpected(new TimeoutException()));
    }
}
