"""What a caller reads when the provider refuses, through the front door: one status, in our names, without a number."""

import json
from pathlib import Path

import pytest
from gateway_under_test import KEY, TO_A_FLOW
from google.rpc import error_details_pb2 as details_pb2
from outbound_calls import PLAIN, WHOLE
from raw_provider import answering, http

SAMPLES = Path(__file__).parent / "kaleyra" / "samples"
THREE = {
    "recipients": [{"number": "+13236550107"}, {"number": "3236550108"}, {"number": "+442071838750"}],
    "prefix": "1",
    "ivr": {"flowId": "SG_1"},
}


def envelope(code, message="Words", data=(), error=()):
    return {"code": code, "message": message, "data": data, "error": error}


@pytest.mark.parametrize(
    ("sample", "code", "reason", "retry", "provider_code"),
    [
        pytest.param(
            "api_key_unknown",
            "FAILED_PRECONDITION",
            "PROVIDER_CREDENTIALS_REJECTED",
            "REPEAT",
            "RBC201",
            id="the gateway's key is unknown",
        ),
        pytest.param(
            "inputs_invalid",
            "INVALID_ARGUMENT",
            "PROVIDER_INVALID_INPUT",
            "NEW_REQUEST_ID",
            "RBC3004",
            id="inputs are invalid",
        ),
        pytest.param(
            "number_invalid",
            "INVALID_ARGUMENT",
            "INVALID_NUMBER",
            "NEW_REQUEST_ID",
            "RBC3109",
            id="the number is invalid",
        ),
        pytest.param(
            "schedule_time_too_soon",
            "INVALID_ARGUMENT",
            "SCHEDULE_TIME_REFUSED",
            "NEW_REQUEST_ID",
            "RBC3108",
            id="the time is too soon",
        ),
        pytest.param(
            "bridge_not_found",
            "NOT_FOUND",
            "BRIDGE_NOT_FOUND",
            "NEW_REQUEST_ID",
            "RBC3119",
            id="the bridge is not found",
        ),
        pytest.param(
            "flow_not_found", "NOT_FOUND", "FLOW_NOT_FOUND", "NEW_REQUEST_ID", "RBC3115", id="the flow is not found"
        ),
        pytest.param(
            "sound_not_found", "NOT_FOUND", "SOUND_NOT_FOUND", "NEW_REQUEST_ID", "RBC3114", id="a sound is not found"
        ),
    ],
)
async def test_a_refusal_of_the_page_has_its_status(gateway, provider, sample, code, reason, retry, provider_code):
    """Nobody was dialed, and the caller reads why, what the provider said, and what to do next."""
    body = (SAMPLES / f"{sample}.json").read_bytes()
    provider.behave(answering(http(body, 422)))

    error = await gateway.place_call_error(requestId="test-0000001")

    assert (code, reason, "REJECTED", retry) == (error.code, error.reason, error.dispatch, error.retry)
    assert ("voicegateway.v1", f"ERROR_REASON_{reason}") == (error.info.domain, error.info.reason)
    assert provider_code == error.info.metadata["provider_code"]
    assert json.loads(body)["message"] == error.info.metadata["provider_message"]
    assert "422" == error.info.metadata["http_status"]
    assert "test-0000001" == error.info.metadata["request_id"]
    assert 26 == len(error.info.metadata["call_id"])
    assert (None if retry == "REPEAT" else "-1") == error.pushback
    assert 1 == len(provider.posts)


@pytest.mark.parametrize("sample", [file.stem for file in sorted(SAMPLES.glob("accepted_*.json"))])
async def test_an_acceptance_of_the_page_is_an_accepted_call(gateway, provider, sample):
    """Whatever the provider echoes, the call is accepted, and its recipients wait."""
    provider.behave(answering(http((SAMPLES / f"{sample}.json").read_bytes(), 202)))

    call = (await gateway.place_call()).call

    reply = call.provider_reply
    assert (202, "RBC3007", "Submitted Successfully") == (reply.http_status, reply.code, reply.message)
    assert TO_A_FLOW["recipients"][0]["number"] == call.recipients[0].recipient.number


@pytest.mark.parametrize(
    ("status", "code", "reason", "dispatch", "retry"),
    [
        pytest.param(
            401, "FAILED_PRECONDITION", "PROVIDER_CREDENTIALS_REJECTED", "REJECTED", "REPEAT", id="401: our key"
        ),
        pytest.param(404, "FAILED_PRECONDITION", "PROVIDER_MISCONFIGURED", "REJECTED", "REPEAT", id="404: our URL"),
        pytest.param(308, "FAILED_PRECONDITION", "PROVIDER_MISCONFIGURED", "REJECTED", "REPEAT", id="308: our URL"),
        pytest.param(
            413, "FAILED_PRECONDITION", "PROVIDER_REFUSED", "REJECTED", "NEW_REQUEST_ID", id="413: the request"
        ),
        pytest.param(429, "RESOURCE_EXHAUSTED", "PROVIDER_THROTTLED", "REJECTED", "REPEAT", id="429: throttled"),
        pytest.param(403, "UNKNOWN", "OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP", id="403: nobody knows"),
        pytest.param(503, "UNKNOWN", "OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP", id="503: nobody knows"),
        pytest.param(200, "UNKNOWN", "OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP", id="200: nobody knows"),
    ],
)
async def test_a_status_alone_says_what_it_proves(gateway, provider, status, code, reason, dispatch, retry):
    """Without an envelope there is no provider_code and no provider_message, but always the http_status."""
    provider.behave(answering(http(b"<html>Sorry, +13236550107</html>", status)))

    error = await gateway.place_call_error()

    assert (code, reason, dispatch, retry) == (error.code, error.reason, error.dispatch, error.retry)
    assert str(status) == error.info.metadata["http_status"]
    assert set() == {"provider_code", "provider_message"} & set(error.info.metadata)
    assert 1 == len(provider.posts)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"code":"RBC9999","message":"Queued"}', id="an unheard-of code"),
        pytest.param(b'{"code":"RBC3007","code":"RBC3119"}', id="two codes"),
        pytest.param(b'{"code":"RBC3007","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="nested without end"),
        pytest.param(b"[" * 100_000, id="brackets without end"),
        pytest.param(b'{"code":"RBC3007"', id="truncated JSON"),
        pytest.param(b"null", id="null"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_what_cannot_be_read_may_have_dialed(gateway, provider, body):
    """Never a success, and never a failure that is safe to repeat."""
    provider.behave(answering(http(body)))

    error = await gateway.place_call_error()

    assert ("UNKNOWN", "OUTCOME_UNKNOWN") == (error.code, error.reason)
    assert ("OUTCOME_UNKNOWN", "LOOK_UP", "-1") == (error.dispatch, error.retry, error.pushback)
    assert "error_id" not in error.info.metadata
    assert 1 == len(provider.posts)


async def test_invalid_inputs_come_back_in_our_names(gateway, provider):
    """RBC3004's map is a BadRequest; texts are masked, and an unknown field accuses the call."""
    texts = {"to": "+13236550107 has to be filled", "callback": ["a", "b"], "moon": "is full"}
    provider.reply(envelope("RBC3004", error=texts))

    error = await gateway.place_call_error()

    assert [
        ("call.recipients", "PROVIDER_RBC3004", "+*********** has to be filled"),
        ("call.callbacks", "PROVIDER_RBC3004", "a; b"),
        ("call", "PROVIDER_RBC3004", "is full"),
    ] == [
        (violation.field, violation.reason, violation.description)
        for violation in error.detail(details_pb2.BadRequest).field_violations
    ]


@pytest.mark.parametrize(
    ("data", "settings", "reason", "indexes"),
    [
        pytest.param(
            ["13236550107", "+13236550108", "442071838750"],
            {},
            "INVALID_NUMBER",
            [0, 1, 2],
            id="all of them: a refusal",
        ),
        pytest.param(["13236550108"], {}, "OUTCOME_UNKNOWN", [1], id="one of three: the others may ring"),
        pytest.param(
            ["13236550108"],
            {"invalid_number_refuses_all": True},
            "INVALID_NUMBER",
            [1],
            id="one of three, and the operator knows that it refuses all",
        ),
        pytest.param([], {}, "OUTCOME_UNKNOWN", [], id="none of three: all may ring"),
    ],
)
async def test_invalid_numbers_come_back_as_recipients(start_gateway, provider, data, settings, reason, indexes):
    """RBC3109's numbers are the recipients' indexes, however they are written."""
    gateway = await start_gateway(provider=settings)
    provider.reply(envelope("RBC3109", data=data))

    error = await gateway.place_call_error(THREE)

    assert reason == error.reason
    assert [(f"call.recipients[{index}].number", "PROVIDER_RBC3109") for index in indexes] == error.violations


@pytest.mark.parametrize(
    ("call", "code", "kind", "name"),
    [
        pytest.param(PLAIN, "RBC3115", "flow", "SG_1", id="the flow"),
        pytest.param(WHOLE, "RBC3114", "sound", "13,34", id="a sound"),
        pytest.param(WHOLE, "RBC3119", "bridge", "call.bridge", id="the bridge, which is a number"),
        pytest.param(PLAIN, "RBC3119", "bridge", "the account's bridge", id="the account's bridge"),
    ],
)
async def test_what_was_not_found_is_a_resource(gateway, provider, call, code, kind, name):
    """ResourceInfo names it as the caller did, but never by a phone number."""
    provider.reply(envelope(code))

    resource = (await gateway.place_call_error(call)).detail(details_pb2.ResourceInfo)

    assert (kind, name) == (resource.resource_type, resource.resource_name)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        pytest.param("Retry-After: 7\r\n", 7, id="seconds"),
        pytest.param(f"Retry-After: {'9' * 400}\r\n", 86_400, id="forever, cut to a day"),
        pytest.param("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", None, id="a date that has passed"),
        pytest.param("Retry-After: soon\r\n", None, id="words"),
        pytest.param("", None, id="nothing"),
    ],
)
async def test_throttling_says_when_to_repeat(gateway, provider, header, seconds):
    """RetryInfo repeats the provider's Retry-After, where there is a sensible one."""
    provider.behave(answering(http(b"", 429, header)))

    error = await gateway.place_call_error()

    retry_info = error.detail(details_pb2.RetryInfo)
    assert "PROVIDER_THROTTLED" == error.reason
    assert seconds == (retry_info and retry_info.retry_delay.seconds)


async def test_the_key_and_the_numbers_stay_inside(gateway, provider):
    """Whatever the provider echoes, the caller reads neither the key nor a full number."""
    echo = f"{KEY} may not call +1 (323) 655-0107 or 13236550107\x00" + "!" * 300
    provider.reply({"code": KEY, "message": echo, "data": [echo], "error": {"to": echo}})

    error = await gateway.place_call_error()

    wire = error.status.SerializeToString()
    assert "[REDACTED]" == error.info.metadata["provider_code"]
    assert error.info.metadata["provider_message"].startswith("[REDACTED] may not call +* (***) ***-**** or ****")
    assert 200 == len(error.info.metadata["provider_message"])
    assert [] == [secret for secret in (KEY, "655-0107", "3236550107") if secret.encode() in wire]


async def test_operators_can_add_codes(start_gateway, provider):
    """What an operator has learned of a code is answered as if the page said it."""
    gateway = await start_gateway(provider={"codes": {"RBC9999": "FLOW_NOT_FOUND"}})
    provider.reply(envelope("RBC9999"), status=500)

    error = await gateway.place_call_error()

    assert ("FLOW_NOT_FOUND", "REJECTED") == (error.reason, error.dispatch)
    assert "RBC9999" == error.info.metadata["provider_code"]
    assert "SG_1" == error.detail(details_pb2.ResourceInfo).resource_name


async def test_operators_can_add_refusing_statuses(start_gateway, provider):
    """What an operator has learned of a status is answered as a refusal."""
    gateway = await start_gateway(provider={"refusing_statuses": [403]})
    provider.behave(answering(http(b"<html>", 403)))

    error = await gateway.place_call_error()

    assert ("PROVIDER_REFUSED", "REJECTED") == (error.reason, error.dispatch)


async def test_a_thousand_complaints_stay_within_the_limit(gateway, provider):
    """A Status has at most 4,096 bytes; violations beyond that are counted."""
    provider.reply(envelope("RBC3004", "m" * 500, error={f"field{n}": "x" * 190 for n in range(1000)}))

    error = await gateway.place_call_error()

    assert error.status.ByteSize() <= 4096
    assert 1000 == len(error.violations) + int(error.info.metadata["omitted_violations"])
