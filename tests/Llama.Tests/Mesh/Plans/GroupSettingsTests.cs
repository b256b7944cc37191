using Llama.Mesh;
using Llama.Mesh.Plans;

namespace Llama.Tests.Mesh.Plans;

public class GroupSettingsTests
{
    [Fact]
    public void The_defaults_are_those_of_the_original_server()
    {
        PortSettings port = Assert.Single(GroupSettings.Default.Ports);
        Assert.Equal(new PortSettings { Name = "default", Timeout = TimeSpan.FromSeconds(1), Count = 4 }, port);
    }

    [Fact]
    public void Every_class_is_measured_with_every_size()
    {
        var settings = new GroupSettings { Classes = [0, 184], Sizes = [100, 1472], Flows = 7, DontFragment = true, Timeout = TimeSpan.FromMilliseconds(300) };
        Assert.Equal(["CS0-100", "CS0-1472", "EF-100", "EF-1472"], settings.Ports.Select(port => port.Name));
        Assert.Equal(
            new PortSettings { Name = "EF-1472", Class = 184, Size = 1472, Count = 7, DontFragment = true, Timeout = TimeSpan.FromMilliseconds(300) },
            settings.Ports[3]);
    }
}
