"""What a person should know about a request that is sent as given."""

from collections.abc import Iterator
from typing import Final

from voicegateway.v1.outbound_call_pb2 import RETRY_STATUS_ANSWER, OutboundCallRequest, PlaylistItem
from voicegateway.v1.outbound_call_service_pb2 import (
    WARNING_REASON_NO_REPORTS,
    WARNING_REASON_REDIALS_ANSWERED,
    WARNING_REASON_REPORTS_BYPASS_GATEWAY,
    WARNING_REASON_UNVERIFIED_BY_PROVIDER_DOCS,
    Warning,  # noqa: A004 - the contract's word
)

URLS_AN_EVENT: Final = 10
"""The provider's limit; whether it holds for one event or for all is unknown."""


def warnings_for(call: OutboundCallRequest, *, receiver_on: bool) -> list[Warning]:
    """Lists the warnings for a valid request, depth first by field number, then index; NO_REPORTS comes last."""
    return [
        *_of_the_target(call),
        *_of_retries(call),
        *_of_the_timeout(call),
        *_of_reports(call, receiver_on=receiver_on),
        *_of_names(call),
        *_of_silence(call, receiver_on=receiver_on),
    ]


def _of_the_target(call: OutboundCallRequest) -> Iterator[Warning]:
    for index, item in enumerate(call.playlist.items):
        yield from _of_an_item(item, f"call.playlist.items[{index}].message")


def _of_an_item(item: PlaylistItem, path: str) -> Iterator[Warning]:
    if item.message.language:
        yield _unverified(f"{path}.language", "the provider's documents list no languages")
    if item.message.speed:
        yield _unverified(f"{path}.speed", "the provider's documents list no speeds")


def _of_retries(call: OutboundCallRequest) -> Iterator[Warning]:
    for index, rule in enumerate(call.retry_rules.rules):
        path = f"call.retry_rules.rules[{index}]"
        if RETRY_STATUS_ANSWER in rule.statuses:
            yield Warning(
                reason=WARNING_REASON_REDIALS_ANSWERED,
                field=path,
                description="rings people again who already answered",
            )
        if not rule.statuses:
            yield _unverified(path, "the provider's documents do not say what a rule without a status means")


def _of_the_timeout(call: OutboundCallRequest) -> Iterator[Warning]:
    if call.HasField("timeout"):
        yield _unverified("call.timeout", "the provider's documents give neither unit nor range of a timeout")
    if call.HasField("timeout_json"):
        yield _unverified("call.timeout_json", "the provider's documents show no more of this JSON than [60]")


def _of_reports(call: OutboundCallRequest, *, receiver_on: bool) -> Iterator[Warning]:
    if not receiver_on:
        return
    full = [event.name for event, targets in call.callbacks.ListFields() if len(targets.urls) == URLS_AN_EVENT]
    for field in [*(["dlr_url"] if call.dlr_url else []), *(f"callbacks.{name}" for name in full)]:
        yield Warning(
            reason=WARNING_REASON_REPORTS_BYPASS_GATEWAY,
            field=f"call.{field}",
            description="these reports go to your own URLs and not through the gateway",
        )


def _of_names(call: OutboundCallRequest) -> Iterator[Warning]:
    if call.custom and not (call.custom.isascii() and call.custom.isalnum()):
        yield _unverified("call.custom", "the provider documents it as alphanumeric")
    if call.campaign_name:
        yield _unverified("call.campaign_name", "no table of the provider's documents lists it")


def _of_silence(call: OutboundCallRequest, *, receiver_on: bool) -> Iterator[Warning]:
    if not receiver_on and not call.dlr_url and not call.callbacks.ListFields():
        yield Warning(
            reason=WARNING_REASON_NO_REPORTS,
            description="nobody will be told how the call went: neither dlr_url nor callbacks is set",
        )


def _unverified(field: str, why: str) -> Warning:
    return Warning(
        reason=WARNING_REASON_UNVERIFIED_BY_PROVIDER_DOCS, field=field, description=f"sent as given, but {why}"
    )
