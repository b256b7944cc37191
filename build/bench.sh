#!/usr/bin/env bash
# Measures llama against reference programs and prints one table; see bench/notes.md. What is compared with is installed first
# where that is allowed; without it, its rows say that it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

# Package and the command it brings. The C compiler is a must, the rest is for comparison.
wanted=(gcc:cc util-linux:taskset tcpdump:tcpdump irtt:irtt fping:fping wrk:wrk influxdb:influxd victoria-metrics:victoria-metrics)

install_missing() {
    local missing=() entry
    for entry in "${wanted[@]}"; do
        command -v "${entry#*:}" >/dev/null || missing+=("${entry%%:*}")
    done
    ((${#missing[@]})) || return 0
    [[ " ${missing[*]} " != *" gcc "* ]] || missing+=(libc6-dev)
    if command -v apt-get >/dev/null && ((EUID == 0)); then
        echo "Installing ${missing[*]} ..."
        export DEBIAN_FRONTEND=noninteractive
        # One at a time: one that can't be had must not cost the others.
        apt-get update -qq </dev/null >/dev/null 2>&1 || true
        for entry in "${missing[@]}"; do
            apt-get install -qq -y --no-install-recommends "$entry" </dev/null >/dev/null 2>&1 || echo "Could not install $entry."
        done
    else
        echo "Missing: ${missing[*]}. To have all rows: apt-get install ${missing[*]}"
    fi
}

install_missing
echo "Building ..."
dotnet build src/Llama.Cli --configuration Release --nologo --verbosity quiet </dev/null
dotnet build bench/Llama.Bench --configuration Release --nologo --verbosity quiet </dev/null
make --no-print-directory publish </dev/null >artifacts/publish.log 2>&1 || { cat artifacts/publish.log; exit 1; }
exec artifacts/bin/Llama.Bench/release/llama-bench . "$@"
