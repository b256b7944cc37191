using Llama.Mesh.Plans;

namespace Llama.Tests.Mesh.Plans;

public class LossDetectionTests
{
    [Theory]
    [InlineData(0.01, 0.99, 459)]
    [InlineData(0.001, 0.99, 4603)]
    [InlineData(0.5, 0.75, 2)]
    public void Loss_is_seen_once_that_many_datagrams_are_sent(double loss, double confidence, int expected) =>
        Assert.Equal(expected, LossDetection.DatagramsToSee(loss, confidence));

    [Fact]
    public void One_percent_is_told_from_a_tenth_of_it_by_five_lost_datagrams_of_1157()
    {
        Assert.Equal(1157, LossDetection.DatagramsToTell(0.01, 0.001, 0.99));
        Assert.InRange(Simulated(1157, 0.01, lost => lost >= 5), 0.985, 1);
        Assert.InRange(Simulated(1157, 0.001, lost => lost < 5), 0.985, 1);
    }

    private static double Simulated(int datagrams, double loss, Func<int, bool> isRight)
    {
        var random = new Random(5);
        const int Times = 4000;
        return Enumerable.Range(0, Times).Count(_ => isRight(Enumerable.Range(0, datagrams).Count(_ => random.NextDouble() < loss))) / (double)Times;
    }
}
