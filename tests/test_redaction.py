"""What may be seen: no field that the contract marks as personal, no run of digits, no secret."""

from typing import Any

import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.descriptor import Descriptor
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2 as details_pb2

from gateway.redaction import REDACTED, hide, mask_digits, redacted
from voicegateway.v1 import outbound_call_pb2, outbound_call_service_pb2
from voicegateway.v1.outbound_call_pb2 import OutboundCall, OutboundCallRequest

PERSONAL = {
    "OutboundCallRequest.bridge",
    "OutboundCallRequest.dlr_url",
    "OutboundCallRequest.custom",
    "Recipient.number",
    "Recipient.reference",
    "SpokenMessage.text",
    "CallbackTargets.urls",
    "ProviderReply.message",
    "RecipientOutcome.keypress",
    "Preview.body",
    "FormField.value",
    "ListCallsRequest.number",
    "ListCallsRequest.custom",
}
"""The fields that the contract marks PII, read by a person."""

MESSAGES: list[Descriptor] = [
    message
    for file in (outbound_call_pb2, outbound_call_service_pb2)
    for message in file.DESCRIPTOR.message_types_by_name.values()
]


def test_the_contracts_personal_fields_are_marked():
    """Each of them, and no other, has `debug_redact`, which is what the logs go by."""
    marked = {
        f"{message.name}.{field.name}"
        for message in MESSAGES
        for field in message.fields
        if field.GetOptions().debug_redact
    }

    assert PERSONAL == marked


def filled(message: Descriptor, secret: str, depth: int = 6) -> Any:
    """A message with every field set; oneofs keep their last."""
    values = GetMessageClass(message)()
    for field in message.fields:
        if field.message_type is not None:
            if depth:
                inner = filled(field.message_type, secret, depth - 1)
                target = getattr(values, field.name)
                target.add().CopyFrom(inner) if field.is_repeated else target.CopyFrom(inner)
        elif field.type == field.TYPE_STRING:
            value = secret if field.GetOptions().debug_redact else "plain"
            setattr(values, field.name, value) if not field.is_repeated else getattr(values, field.name).append(value)
    return values


@pytest.mark.parametrize("message", [pytest.param(each, id=each.name) for each in MESSAGES])
def test_every_personal_field_is_hidden_at_any_depth(message):
    """However deep a personal field lies in a message of the contract, a log shows that it was there, and no more."""
    values = filled(message, "Zq7")
    shown = redacted(values)

    assert "Zq7" not in str(shown)
    assert ("Zq7" in str(values)) == (REDACTED in str(shown))
    assert [field.name for field, _ in values.ListFields()] == list(shown)


def test_a_request_is_shown_without_what_is_personal():
    """What remains is enough to see what was asked for."""
    call = ParseDict(
        {
            "recipients": [{"number": "+13236550107", "reference": "patient-8812"}, {"number": "+13236550108"}],
            "playlist": {"items": [{"message": {"text": "Hello", "language": "en-US"}}, {"sounds": {"soundIds": [7]}}]},
            "retryInterval": "20s",
            "callbacks": {"callEnd": {"profileIds": ["P"], "urls": ["https://example.com/?token=1", "https://b"]}},
        },
        OutboundCallRequest(),
    )

    assert {
        "recipients": [{"number": REDACTED, "reference": REDACTED}, {"number": REDACTED}],
        "playlist": {"items": [{"message": {"text": REDACTED, "language": "en-US"}}, {"sounds": {"sound_ids": [7]}}]},
        "retry_interval": {"seconds": 20},
        "callbacks": {"call_end": {"profile_ids": ["P"], "urls": REDACTED}},
    } == redacted(call)


def test_what_is_packed_into_an_any_is_hidden():
    """The details of an error are bytes that may hold anything."""
    call = OutboundCall(call_id="C")
    detail = AnyMessage()
    detail.Pack(details_pb2.ErrorInfo(metadata={"provider_message": "Zq7"}))
    call.error.details.append(detail)

    assert "Zq7" not in str(redacted(call))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("+13236550107", "+***********", id="a number"),
        pytest.param("323-655-0107", "***-***-****", id="in groups"),
        pytest.param("(323) 655.0107", "(***) ***.****", id="with two characters between"),
        pytest.param("555 0107", "*** ****", id="a short one"),
        pytest.param("1234", "****", id="four digits"),
        pytest.param("123 of 100", "123 of 100", id="less than four in a row"),
        pytest.param("١٣٢٣٦٥٥", "*******", id="digits of another script"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_runs_of_digits_are_masked(text, expected):
    """Four digits or more, however people group them, may be a phone number."""
    assert expected == mask_digits(text)


def test_secrets_are_hidden_wherever_they_stand():
    """Each of them is replaced, every time."""
    assert f"a {REDACTED}{REDACTED} b {REDACTED}" == hide(["k1", "k2"], "a k1k2 b k1")
