using Llama.Cli;

RuntimeProfile.Choose(args);
return await CommandLine.RunAsync(args, Surroundings.OfProcess());
