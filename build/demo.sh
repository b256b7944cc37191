#!/usr/bin/env bash
# Runs the demo: build/demo.sh SINK COMMAND...; SINK is empty, influx, or a sink as --sink takes it. For influx an InfluxDB is started
# on free ports, with a temporary directory, and asked in the end what it has got.
set -uo pipefail
cd "$(dirname "$0")/.."
source build/packages.sh

sink=$1
shift
case $sink in
    "") exec "$@" ;;
    influx) ;;
    *) exec "$@" --sink "$sink" ;;
esac

install_missing influxdb:influxd curl:curl || exit 1

directory=$(mktemp -d -t llama-demo-influx-XXXXXX)
database=
finish() {
    [[ -z $database ]] || { kill "$database" && wait "$database"; } 2>/dev/null
    rm -rf "$directory"
}
trap finish EXIT

# Ctrl-C is for the demo; what comes behind it is still to be shown.
trap : INT TERM

free_port() {
    local port
    for port in $(shuf -i 20000-29999 -n 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}
port=$(free_port)
url=http://127.0.0.1:$port
cat >"$directory/influxdb.conf" <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "$directory/meta"
[data]
  dir = "$directory/data"
  wal-dir = "$directory/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:$port"
  log-enabled = false
CONF
# In a process group of its own: Ctrl-C must not end it before it has been asked.
set -m
influxd run -config "$directory/influxdb.conf" >"$directory/log" 2>&1 &
database=$!
set +m
for ((attempt = 0; ; attempt++)); do
    curl -sf "$url/ping" >/dev/null && break
    if ((attempt == 300)) || ! kill -0 "$database" 2>/dev/null; then
        echo "influxd does not start:" >&2
        tail -n 5 "$directory/log" >&2
        exit 1
    fi
    sleep 0.1
done

"$@" --sink "influx:$url/llama"
status=$?

ask() {
    curl -sS -G "$url/query" --data-urlencode db=llama --data-urlencode "q=$1" -H 'Accept: application/csv'
}
count=$(ask 'SELECT COUNT(sent) FROM raw_stats' | tail -n 1 | cut -d, -f 4)
worst='SELECT MEAN(loss) AS loss_percent, MEAN(rtt) AS rtt_ms FROM raw_stats GROUP BY src_shortname, dst_shortname'
echo
echo "InfluxDB has ${count:-0} points of it, one for each pair and second. Asked for the loss and latency of each pair:"
echo "  $worst"
echo
echo "  tags                                     loss %     rtt ms"
ask "$worst" | tail -n +2 | sed -E 's/^raw_stats,"?([^"]*)"?,[^,]*,([^,]*),([^,]*)$/\1 \2 \3/' \
    | awk '{ printf "  %-38s %8.2f %10.3f\n", $1, $2, $3 }' | sort -k2 -rn | head -n 8
echo
echo "It ends with the demo. To keep one: llama server --sink influx:http://HOST:8086/llama (docs/sinks.md)"
exit "$status"
