#!/usr/bin/env bash
# Runs every test and closes with one line: N passed, N failed, N skipped.
# Debian packages that tests want are installed first where that is allowed; without them, those tests skip and say so.
set -uo pipefail
cd "$(dirname "$0")/.."
source build/packages.sh

# Package and the command it brings.
wanted=(tmux:tmux iproute2:ip nftables:nft curl:curl jq:jq
    chromium:chromium influxdb:influxd victoria-metrics:victoria-metrics prometheus:prometheus prometheus:promtool postgresql:postgres)
results=artifacts/test-results
passed=0 failed=0 skipped=0

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    ((failed == 0 && passed > 0))
    exit
}

# Adds a project's results to the sums, and shows what was skipped, with the reason.
add_results() {
    local file=$1 counters total executed ok
    counters=$(grep -o '<Counters [^>]*' "$file") || return 1
    total=$(sed -E 's/.* total="([0-9]+)".*/\1/' <<<"$counters")
    executed=$(sed -E 's/.* executed="([0-9]+)".*/\1/' <<<"$counters")
    ok=$(sed -E 's/.* passed="([0-9]+)".*/\1/' <<<"$counters")
    ((passed += ok, failed += executed - ok, skipped += total - executed))
    tr '\n' ' ' <"$file" | sed 's/<UnitTestResult /\n&/g' | grep 'outcome="NotExecuted"' | sed -E \
        -e 's/.*testName="([^"]*)".*<(StdOut|Message)>([^<]*)<.*/Skipped \1: \3/' \
        -e 's/&quot;/"/g; s/&#x[DdAa];/ /g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' || true
}

run() {
    local project=$1 status failed_before=$failed
    rm -f "$results/$project.trx"
    dotnet test "tests/$project" --configuration Release --no-build --nologo \
        --results-directory "$results" --logger "trx;LogFileName=$project.trx" --logger "console;verbosity=minimal" \
        --blame-hang-timeout 5m --blame-hang-dump-type none </dev/null
    status=$?
    if ! add_results "$results/$project.trx"; then
        echo "$project left no results (dotnet test ended with $status)."
        ((failed += 1))
    elif ((status != 0 && failed == failed_before)); then
        echo "$project: dotnet test ended with $status though no test failed."
        ((failed += 1))
    fi
}

# The web page's own tests. Without Node.js they are one that is skipped.
run_page() {
    local file=$results/web.json words status failed_before=$failed
    words=$(build/web.sh types 2>&1)
    case $? in
        0) ;;
        3) echo "Skipped the web page's tests: $words."; ((skipped += 1)); return ;;
        *) echo "$words"; ((failed += 1, failed_before += 1)) ;;
    esac
    rm -f "$file"
    NO_COLOR=1 build/web.sh test --reporter=default --reporter=json --outputFile.json="$PWD/$file" </dev/null
    status=$?
    count() { grep -o "\"num$1Tests\":[0-9]*" "$file" | cut -d : -f 2; }
    [[ -e $file ]] && ((passed += $(count Passed), failed += $(count Failed), skipped += $(count Pending)))
    if ((status != 0 && failed == failed_before)); then
        echo "The web page's tests ended with $status though none failed."
        ((failed += 1))
    fi
}

install_missing "${wanted[@]}" || echo "The tests that need them will be skipped."
if ! dotnet build Llama.slnx --configuration Release --nologo --verbosity quiet </dev/null; then
    echo "The build failed, so no test ran; that counts as one failure."
    failed=1
    finish
fi
mkdir -p "$results"
run_page
run Llama.Tests
run Llama.EndToEnd
finish
