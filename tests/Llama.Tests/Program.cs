using Llama.Tests.Server.Discovery;
using Llama.Tests.Storage.Spooling;

// The tests themselves are run by the test runner, which does not come by here.
return args switch
{
    ["register", var directory] => await RegisteringProcess.RunAsync(directory),
    ["spool", var directory] => SpoolingProcess.Run(directory),
    _ => 2,
};
