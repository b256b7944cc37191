using Llama.Tests.Server.Discovery;

// The tests themselves are run by the test runner, which does not come by here.
return args is ["register", var directory] ? await RegisteringProcess.RunAsync(directory) : 2;
