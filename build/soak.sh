#!/usr/bin/env bash
# Sends 20,000 datagrams a second through a network lab for SOAK_SECONDS, half an hour if nobody says otherwise, and expects memory to
# stay flat and nothing to be lost that is not explained. Shows the memory as it goes, and the counts.
set -euo pipefail
cd "$(dirname "$0")/.."

export SOAK_SECONDS=${SOAK_SECONDS:-1800}
dotnet build Llama.slnx --configuration Release --nologo --verbosity quiet </dev/null
echo "Soaking for $SOAK_SECONDS s ..."
dotnet test tests/Llama.EndToEnd --configuration Release --no-build --nologo \
    --filter FullyQualifiedName~SoakTests --logger "console;verbosity=detailed" </dev/null
