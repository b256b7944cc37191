#!/usr/bin/env bash
# Measures llama against reference programs and prints one table; see bench/notes.md. What is compared with is installed first
# where that is allowed; without it, its rows say that it is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
source build/packages.sh

# Package and the command it brings. The C compiler is a must, the rest is for comparison.
wanted=(gcc:cc util-linux:taskset tcpdump:tcpdump irtt:irtt fping:fping wrk:wrk influxdb:influxd victoria-metrics:victoria-metrics chromium:chromium)

# The compiler needs the headers, which are not a command.
command -v cc >/dev/null || wanted=(libc6-dev:cc "${wanted[@]}")

# One at a time: one that can't be had must not cost the others.
for entry in "${wanted[@]}"; do install_missing "$entry" || true; done
echo "Building ..."
dotnet build src/Llama.Cli --configuration Release --nologo --verbosity quiet </dev/null
dotnet build bench/Llama.Bench --configuration Release --nologo --verbosity quiet </dev/null
make --no-print-directory publish </dev/null >artifacts/publish.log 2>&1 || { cat artifacts/publish.log; exit 1; }
exec artifacts/bin/Llama.Bench/release/llama-bench . "$@"
