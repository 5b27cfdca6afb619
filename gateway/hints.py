"""What a field wants, in words: protovalidate's own text for a pattern is the pattern."""

from collections.abc import Mapping
from typing import Final

_ACCOUNT: Final = "1 to 63 of a-z, 0-9 and -, not beginning with -; or empty for `default`"
_CALL_ID: Final = "26 characters of a ULID"
_NO_CONTROLS: Final = "no control characters"
_NUMBER: Final = "4 to 15 digits, with + and the country code unless a prefix is given, such as +13236550107"
_REQUEST_ID: Final = "8 to 64 characters of A-Z, a-z, 0-9 and . _ : -"
_SLUG: Final = "1 to 64 characters of A-Z, a-z, 0-9, _ and -"
_URL: Final = "an http or https URL in ASCII without white space, such as https://example.com/report"
_PRINTABLE: Final = "printable ASCII characters only"

HINT_BY_FIELD: Final[Mapping[str, str]] = {
    "voicegateway.v1.OutboundCallRequest.prefix": "1 to 4 digits, + optional, or empty",
    "voicegateway.v1.OutboundCallRequest.bridge": _NUMBER,
    "voicegateway.v1.OutboundCallRequest.timeout_json": "a JSON array or object, beginning with [ or {",
    "voicegateway.v1.OutboundCallRequest.dlr_url": _URL,
    "voicegateway.v1.OutboundCallRequest.custom": _PRINTABLE,
    "voicegateway.v1.OutboundCallRequest.campaign_name": _NO_CONTROLS,
    "voicegateway.v1.Recipient.number": _NUMBER,
    "voicegateway.v1.Recipient.reference": _NO_CONTROLS,
    "voicegateway.v1.Ivr.flow_id": _SLUG,
    "voicegateway.v1.SpokenMessage.text": "no control characters but newlines",
    "voicegateway.v1.SpokenMessage.language": "a language tag such as en-US, or empty",
    "voicegateway.v1.SpokenMessage.speed": "at most 20 characters of a-z and -, such as medium, or empty",
    "voicegateway.v1.CallbackTargets.profile_ids": _SLUG,
    "voicegateway.v1.CallbackTargets.urls": _URL,
    "voicegateway.v1.PlaceCallRequest.request_id": _REQUEST_ID,
    "voicegateway.v1.PlaceCallRequest.account": _ACCOUNT,
    "voicegateway.v1.GetCallRequest.call_id": _CALL_ID,
    "voicegateway.v1.GetCallRequest.request_id": _REQUEST_ID,
    "voicegateway.v1.GetCallRequest.account": _ACCOUNT,
    "voicegateway.v1.ListCallsRequest.account": _ACCOUNT,
    "voicegateway.v1.ListCallsRequest.number": "4 to 15 digits, + optional, or empty",
    "voicegateway.v1.ListCallsRequest.custom": _PRINTABLE,
    "voicegateway.v1.ListCallsRequest.page_token": "a next_page_token as it was given",
    "voicegateway.v1.WatchCallsRequest.call_id": _CALL_ID,
    "voicegateway.v1.WatchCallsRequest.request_id": _REQUEST_ID,
    "voicegateway.v1.WatchCallsRequest.account": _ACCOUNT,
}
"""What a field with a pattern wants; a test holds it complete against the protos."""
