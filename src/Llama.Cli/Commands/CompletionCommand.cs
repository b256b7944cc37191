using System.CommandLine;

namespace Llama.Cli.Commands;

/// <summary><c>llama completion</c>: scripts that let a shell complete commands and flags by asking llama itself.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # llama, completion for bash. Use it with:  source <(llama completion bash)
        _llama_complete() {
            local IFS=$'\n'
            local candidates
            candidates=$(llama "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)
            COMPREPLY=($(compgen -W "${candidates}" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _llama_complete llama
        """;

    private const string Zsh = """
        #compdef llama
        # llama, completion for zsh. Use it with:  source <(llama completion zsh)
        _llama() {
            local -a candidates
            candidates=("${(@f)$(llama "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            candidates=(${candidates:#})
            if (( ${#candidates} )); then compadd -a candidates; else _files; fi
        }
        compdef _llama llama
        """;

    private const string Fish = """
        # llama, completion for fish. Use it with:  llama completion fish | source
        function __llama_complete
            set -l line (commandline -cp)
            llama "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c llama -a '(__llama_complete)'
        """;

    public static Command Create(Surroundings surroundings)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new DescribedCommand("completion", "Print a script that completes commands and flags in a shell.")
        {
            Examples = ["source <(llama completion bash)", "llama completion zsh > ~/.zfunc/_llama", "llama completion fish | source"],
            ExitCodes = [],
        };
        command.Add(shell);
        command.SetAction(parsed => surroundings.Out.WriteLine(parsed.GetValue(shell) switch
        {
            "zsh" => Zsh,
            "fish" => Fish,
            _ => Bash,
        }));
        return command;
    }
}
