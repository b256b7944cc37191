using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Llama.Tests.House;

/// <summary>The arrows of docs/architecture.md, looked up in what was built.</summary>
public sealed class BoundaryTests
{
    private const string Wire = "Llama.Wire", Engine = "Llama.Engine", Mesh = "Llama.Mesh", Storage = "Llama.Storage", Server = "Llama.Server", Cli = "llama";

    [Theory]
    [InlineData(Wire)]
    [InlineData(Engine, Wire)]
    [InlineData(Mesh)]
    [InlineData(Storage, Wire, Engine)]
    [InlineData(Server, Wire, Engine, Mesh, Storage)]
    [InlineData(Cli, Wire, Engine, Mesh, Storage, Server)]
    public void A_project_references_only_what_the_arrows_allow(string assembly, params string[] allowed)
    {
        IEnumerable<string> ours = References(assembly).Where(name => name.StartsWith("Llama.", StringComparison.Ordinal));

        Assert.Empty(ours.Except(allowed));
    }

    [Theory]
    [InlineData(Wire)]
    [InlineData(Engine)]
    [InlineData(Mesh)]
    [InlineData(Storage)]
    [InlineData(Cli)]
    public void Http_lives_in_the_server_alone(string assembly)
    {
        Assert.DoesNotContain(References(assembly), name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Engine)]
    [InlineData(Mesh)]
    [InlineData(Storage)]
    [InlineData(Server)]
    [InlineData(Cli)]
    public void Native_calls_live_in_the_wire_alone(string assembly)
    {
        using PEReader file = Open(assembly);
        MetadataReader metadata = file.GetMetadataReader();

        Assert.Equal(0, metadata.GetTableRowCount(TableIndex.ImplMap));
    }

    [Theory]
    [InlineData(Engine)]
    [InlineData(Mesh)]
    [InlineData(Storage)]
    [InlineData(Server)]
    [InlineData(Cli)]
    public void Unsafe_code_lives_in_the_wire_alone(string assembly)
    {
        using PEReader file = Open(assembly);
        MetadataReader metadata = file.GetMetadataReader();

        // The compiler marks a module that was compiled with unsafe blocks allowed.
        IEnumerable<string> marks = metadata.GetCustomAttributes(Handle.ModuleDefinition)
            .Select(handle => metadata.GetCustomAttribute(handle).Constructor)
            .Where(constructor => constructor.Kind == HandleKind.MemberReference)
            .Select(constructor => metadata.GetMemberReference((MemberReferenceHandle)constructor).Parent)
            .Where(parent => parent.Kind == HandleKind.TypeReference)
            .Select(parent => metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)parent).Name));

        Assert.DoesNotContain("UnverifiableCodeAttribute", marks);
    }

    [Fact]
    public void The_wire_is_where_unsafe_code_is_found()
    {
        using PEReader file = Open(Wire);

        Assert.NotEqual(0, file.GetMetadataReader().GetTableRowCount(TableIndex.ImplMap));
    }

    private static PEReader Open(string assembly) => new(File.OpenRead(Path.Combine(AppContext.BaseDirectory, $"{assembly}.dll")));

    private static string[] References(string assembly)
    {
        using PEReader file = Open(assembly);
        MetadataReader metadata = file.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }
}
