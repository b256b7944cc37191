#!/usr/bin/env bash
# Runs a script of the web page's package.json: build/web.sh SCRIPT [ARGUMENT...]. Where that can't be, for want of Node.js or packages, it
# says why in one line and ends with 3.
set -uo pipefail
cd "$(dirname "$0")/../src/web"

if ! command -v node >/dev/null; then
    echo "Node.js is not installed"
    exit 3
fi
node build.js packages || exit
script=$1
shift
exec npm run --silent "$script" -- "$@"
