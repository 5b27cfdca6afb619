"""What a field wants, in words, where the rule engine's own text shows no way out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_ACCOUNT: Final = "1 to 63 of a-z, 0-9 and -, not beginning with -; or empty for `default`"
_CALL_ID: Final = "26 characters of a ULID"
_NO_CONTROLS: Final = "text without control characters"
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
    "voicegateway.v1.SpokenMessage.text": "text without control characters but newlines",
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


def hint_for(message: Any, rule: str, elements: Sequence[Any]) -> str:
    """Says what to do about a broken rule; empty where the engine's own text says it.

    Args:
        message: The descriptor of the request that breaks it.
        rule: The rule's id.
        elements: The path to what breaks it, as the engine gives it.
    """
    for element in elements[:-1]:
        message = message.fields_by_name[element.field_name].message_type
    name = elements[-1].field_name if elements else ""
    if name in message.oneofs_by_name:
        return f"set one of {', '.join(field.name for field in message.oneofs_by_name[name].fields)}"
    field = message.fields_by_name.get(name)
    hint = _HINT_BY_RULE.get(rule)
    return "" if field is None or hint is None else hint(field)


def _pattern(field: Any) -> str:
    return f"must be {HINT_BY_FIELD[field.full_name]}"


def _required(field: Any) -> str:
    hint = HINT_BY_FIELD.get(field.full_name, "")
    return f"is required: {hint}" if hint else "is required"


def _enum(field: Any) -> str:
    return f"must be one of {', '.join(value.name for value in field.enum_type.values if value.number)}"


_HINT_BY_RULE: Final[Mapping[str, Callable[[Any], str]]] = {
    "string.pattern": _pattern,
    "required": _required,
    "enum.not_in": _enum,
    "enum.defined_only": _enum,
    "repeated.unique": lambda _field: "must name each only once",
}
