using System.Runtime;
using Llama.Cli;

// A probe shares its host with what the host is for: no second thread for the garbage of a small heap.
GCSettings.LatencyMode = GCLatencyMode.Batch;
return await CommandLine.RunAsync(args, Surroundings.OfProcess());
