using Llama.Cli;

return await CommandLine.RunAsync(args, Surroundings.OfProcess());
