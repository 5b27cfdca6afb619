"""What a person should know about a request that is sent as given."""

from collections.abc import Iterator

from gateway.kaleyra.report_urls import EVENTS, ReportAddress
from voicegateway.v1.outbound_call_pb2 import RETRY_STATUS_ANSWER, OutboundCallRequest, PlaylistItem
from voicegateway.v1.outbound_call_service_pb2 import (
    WARNING_REASON_NO_REPORTS,
    WARNING_REASON_REDIALS_ANSWERED,
    WARNING_REASON_REPORTS_BYPASS_GATEWAY,
    WARNING_REASON_UNVERIFIED_BY_PROVIDER_DOCS,
    Warning,  # noqa: A004 - the contract's word
)


def warnings_for(call: OutboundCallRequest, *, reports: ReportAddress | None) -> list[Warning]:
    """Lists the warnings for a valid request, depth first by field number, then index; NO_REPORTS comes last.

    Args:
        call: The request.
        reports: Where the gateway asks for reports; None when it listens for none.
    """
    return [
        *_of_the_target(call),
        *_of_retries(call),
        *_of_the_timeout(call),
        *_of_reports(call, reports=reports),
        *_of_names(call),
        *_of_silence(call, reports=reports),
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


def _of_reports(call: OutboundCallRequest, *, reports: ReportAddress | None) -> Iterator[Warning]:
    if reports is None:
        return
    if call.dlr_url:
        yield _bypassing("dlr_url", "these reports go to your own URL and not through the gateway")
    ours = reports.events(call.callbacks)
    for event in EVENTS:
        if event not in ours:
            yield _bypassing(
                f"callbacks.{event}", "your URLs leave no room for the gateway's, which is not told of this event"
            )


def _of_names(call: OutboundCallRequest) -> Iterator[Warning]:
    if call.custom and not (call.custom.isascii() and call.custom.isalnum()):
        yield _unverified("call.custom", "the provider documents it as alphanumeric")
    if call.campaign_name:
        yield _unverified("call.campaign_name", "no table of the provider's documents lists it")


def _of_silence(call: OutboundCallRequest, *, reports: ReportAddress | None) -> Iterator[Warning]:
    if reports is None and not call.dlr_url and not call.callbacks.ListFields():
        yield Warning(
            reason=WARNING_REASON_NO_REPORTS,
            description="nobody will be told how the call went: neither dlr_url nor callbacks is set",
        )


def _bypassing(field: str, why: str) -> Warning:
    return Warning(reason=WARNING_REASON_REPORTS_BYPASS_GATEWAY, field=f"call.{field}", description=why)


def _unverified(field: str, why: str) -> Warning:
    return Warning(
        reason=WARNING_REASON_UNVERIFIED_BY_PROVIDER_DOCS, field=field, description=f"sent as given, but {why}"
    )
