namespace Llama.EndToEnd.Page;

/// <summary>Tests that look at the page: one after another, with one browser and one demo for all of them.</summary>
[CollectionDefinition(nameof(Browsing))]
public sealed class Browsing : ICollectionFixture<Chromium>, ICollectionFixture<ShownDemo>, ICollectionFixture<MadeUpServer>;
