#!/bin/sh
# Lists the probes of a discovery server as file_sd of Prometheus wants them, for the job llama-probe of prometheus.yml:
#   targets.sh http://server:5000 > probes.json.new && mv probes.json.new probes.json
# TOKEN_FILE names a file with the server's read token, where it asks for one. Needs curl and jq.
set -eu
server=${1:?"usage: $0 http://SERVER:PORT"}
cursor=
pages=
while :; do
    page=$(curl --fail --silent --show-error --get "$server/api/v2/probes" --data limit=1000 \
        ${cursor:+--data-urlencode "cursor=$cursor"} \
        ${TOKEN_FILE:+--header "Authorization: Bearer $(cat "$TOKEN_FILE")"})
    pages="$pages$page"
    cursor=$(printf '%s' "$page" | jq --raw-output '.next // empty')
    [ -n "$cursor" ] || break
done
printf '%s' "$pages" | jq --slurp '[.[].probes[] | {
    targets: [(if .address | contains(":") then "[\(.address)]" else .address end) + ":\(.port)"],
    labels: {__meta_llama_group: .group, __meta_llama_name: .name}
}]'
