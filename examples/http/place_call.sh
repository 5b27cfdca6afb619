#!/bin/sh
# Places one call with curl, and prints the answer as JSON; exits with 0 when the provider accepted the call.
#
#   ./place_call.sh http://localhost:8080 +13236550107 curl-8812
#
# curl repeats the request when it hears nothing, and where the status says that a server failed. That is safe: with one
# request_id the phone is dialed once, however often the request arrives.
set -eu

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

status=$(
  curl --silent --show-error --max-time "${TIMEOUT:-40}" --retry 4 --retry-all-errors \
    --header 'content-type: application/json' --output "$answer" --write-out '%{http_code}' \
    --data @- "$1/voicegateway.v1.OutboundCallService/PlaceCall" <<JSON
{
  "request_id": "$3",
  "call": {
    "recipients": [{"number": "$2"}],
    "ivr": {"flow_id": "SG_1"}
  }
}
JSON
)
cat "$answer"
echo
[ "$status" = 200 ]
