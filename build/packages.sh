# Debian packages that tests and the demo want: sourced by their scripts.

# PostgreSQL's programs lie beside the path, in a directory for each version.
has_command() {
    command -v "$1" >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/$1" >/dev/null
}

# Whoever wants a server starts it; those that a package would start when it is installed are told not to, for as long as that takes.
install_quietly() {
    local policy=/usr/sbin/policy-rc.d ours= status
    if [[ ! -e $policy ]]; then
        ours=$policy
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
    fi
    apt-get install -qq -y --no-install-recommends "$@" </dev/null >/dev/null 2>&1
    status=$?
    [[ -z $ours ]] || rm -f "$ours"
    return "$status"
}

# Installs packages, each given as PACKAGE:COMMAND, whose command is missing. Fails, and says what is missing, where it can't.
install_missing() {
    local missing=() entry
    for entry in "$@"; do
        has_command "${entry#*:}" || missing+=("${entry%%:*}")
    done
    ((${#missing[@]})) || return 0
    if command -v apt-get >/dev/null && ((EUID == 0)); then
        echo "Installing ${missing[*]} ..." >&2
        export DEBIAN_FRONTEND=noninteractive
        if install_quietly "${missing[@]}" || { apt-get update -qq </dev/null >/dev/null 2>&1 && install_quietly "${missing[@]}"; }; then return 0; fi
        echo "Could not install ${missing[*]}." >&2
    else
        echo "Missing: ${missing[*]}. As root: apt-get install ${missing[*]}" >&2
    fi
    return 1
}
