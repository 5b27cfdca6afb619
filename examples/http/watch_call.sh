#!/bin/sh
# Prints what becomes of one call, an event a line, until nothing more does; then it exits with 0.
#
#   ./watch_call.sh http://localhost:8080 curl-8812
#
# How a stream ended is said behind its last line, in a trailer, which HTTP/1.1 would lose: so curl speaks HTTP/2. Where
# it is not `grpc-status: 0`, the stream broke, and the next one goes on after the last event.
set -eu

headers=$(mktemp) sequence=$(mktemp)
trap 'rm -f "$headers" "$sequence"' EXIT
echo 0 >"$sequence"

# From after an event on. Every 15 seconds there is a heartbeat at least: after a minute without one, the stream is broken.
watch() {
  curl --silent --no-buffer --speed-limit 1 --speed-time 60 --http2-prior-knowledge --dump-header "$headers" \
    --header 'content-type: application/json' --data "{\"request_id\": \"$2\", \"after_sequence\": \"$3\"}" \
    "$1/voicegateway.v1.OutboundCallService/WatchCalls"
}

while :; do
  watch "$1" "$2" "$(cat "$sequence")" |
    {
      while IFS= read -r line; do
        case $line in '{"event":{"sequence":"'*)
          printf '%s\n' "$line"
          line=${line#*'"sequence":"'}
          echo "${line%%\"*}" >"$sequence"
          ;;
        esac
      done
      case $line in '{"code"'*) printf '%s\n' "$line" >&2 ;; esac # an error has no end of line
    }
  grep -qi '^grpc-status: 0' "$headers" && exit 0
  grep -q '^HTTP/2 4' "$headers" && exit 1
  sleep 1
done
