"""What refuses a well-formed call before it is sent: accounts, policies, time, room."""

import asyncio

import faults
import pytest
from gateway_under_test import KEY, SID, TO_A_FLOW
from google.rpc import error_details_pb2 as details_pb2

DIGITS = "3236550107"


def calling(*numbers: str, **fields: str) -> dict:
    return dict(TO_A_FLOW) | {"recipients": [{"number": number} for number in numbers]} | fields


@pytest.mark.parametrize(
    ("patterns", "call"),
    [
        pytest.param(["+13236550107"], calling("+13236550107"), id="the number itself"),
        pytest.param(["+44*", "+1323655*"], calling("+13236550107"), id="a number that begins so"),
        pytest.param(["+*"], calling("+442079460000"), id="any number"),
        pytest.param(["+1323655*"], calling("3236550107", prefix="1"), id="with the prefix, as the provider reads it"),
        pytest.param(["+1323655*"], calling("3236550107", prefix="+1"), id="with a prefix that has a +"),
        pytest.param(["+1323655*", "+11323655*"], calling("13236550107", prefix="1"), id="both readings allowed"),
        pytest.param(["+1323655*"], calling("+13236550107", "+13236550108"), id="every number allowed"),
        pytest.param(["+1323655*"], calling("+13236550107", bridge="+442079460000"), id="any bridge: it is not rung"),
    ],
)
async def test_an_allowed_number_is_called(start_gateway, provider, patterns, call):
    """A number that the policy names, in every way the provider may read it, is called."""
    gateway = await start_gateway(account={"only_numbers": patterns})
    await gateway.place_call(call)

    assert 1 == len(provider.posts)


@pytest.mark.parametrize(
    ("patterns", "call", "indexes"),
    [
        pytest.param(["+13236550107"], calling("+13236550108"), [0], id="another number"),
        pytest.param(["+1323655010"], calling("+13236550107"), [0], id="a number that only begins so"),
        pytest.param(["+1323655*"], calling("+13246550107"), [0], id="a number that does not begin so"),
        pytest.param(["+1323655*"], calling("+13236550107", "+442079460000", "+4420"), [1, 2], id="some of the list"),
        pytest.param([], calling("+13236550107"), [0], id="an empty policy allows nobody"),
        pytest.param(["+1323655*"], calling("3236550107", prefix="44"), [0], id="another prefix"),
        pytest.param(["+11323655*"], calling("13236550107", prefix="1"), [0], id="only with the prefix before it"),
        pytest.param(["+1323655*"], calling("13236550107", prefix="1"), [0], id="only as it stands"),
        pytest.param(["+1*"], calling("+0013236550"), [0], id="zeros before the country"),
    ],
)
async def test_any_other_number_is_refused(start_gateway, provider, patterns, call, indexes):
    """A test system must never ring customers: one number that might be another refuses the whole call, unsent."""
    gateway = await start_gateway(account={"only_numbers": patterns})
    error = await gateway.place_call_error(call)

    assert [] == provider.posts
    assert ("FAILED_PRECONDITION", "POLICY_REFUSED") == (error.code, error.reason)
    assert ("NOT_SENT", "CORRECT", "-1") == (error.dispatch, error.retry, error.pushback)
    told = error.detail(details_pb2.PreconditionFailure).violations
    assert [("only_numbers", f"call.recipients[{index}].number") for index in indexes] == [
        (each.type, each.subject) for each in told
    ]
    assert "only_numbers setting" in told[0].description
    assert None is error.detail(details_pb2.BadRequest)


async def test_a_refusal_by_policy_shows_no_number(start_gateway):
    """Neither the refused number nor the allowed ones leave."""
    gateway = await start_gateway(account={"only_numbers": ["+1555666*"]})
    error = await gateway.place_call_error(calling("+13236550107"))

    assert [] == [secret for secret in (DIGITS, "1555666") if secret in str(error.status) + error.message]


async def test_a_policy_is_the_accounts_own(start_gateway, provider):
    """Without the setting every number may be called; another account's policy is another's."""
    guarded = {"base_url": provider.url, "sid": SID, "api_key": KEY, "only_numbers": ["+1555*"]}
    gateway = await start_gateway(accounts={"guarded": guarded})
    await gateway.place_call()
    error = await gateway.place_call_error(account="guarded")

    assert "POLICY_REFUSED" == error.reason
    assert 1 == len(provider.posts)


async def test_the_default_account_has_two_names(gateway):
    """An empty account is `default`, and the answer names it."""
    answers = [await gateway.place_call(), await gateway.place_call(requestId="test-0000002", account="default")]

    assert ["default", "default"] == [answer.call.account for answer in answers]


async def test_an_account_that_is_not_configured_is_not_found(gateway):
    """No other account steps in, and the name is not repeated."""
    error = await gateway.place_call_error(account="nobody")

    assert ("NOT_FOUND", "ACCOUNT_NOT_FOUND") == (error.code, error.reason)
    assert ("NOT_SENT", "CORRECT", "-1") == (error.dispatch, error.retry, error.pushback)
    assert "nobody" not in str(error.status)


async def test_more_calls_than_allowed_are_refused_and_not_queued(start_gateway, provider):
    """Beyond max_calls_in_flight a call is refused at once, as safe to repeat; when there is room it is placed."""
    gateway = await start_gateway(max_calls_in_flight=1)
    provider.behave(faults.answers_when_released)
    first = asyncio.ensure_future(gateway.place_call())
    await provider.arrivals(1)
    error = await gateway.place_call_error(requestId="test-0000002")
    provider.release.set()
    await first
    await gateway.place_call(requestId="test-0000002")

    assert ("UNAVAILABLE", "OVERLOADED") == (error.code, error.reason)
    assert ("NOT_SENT", "REPEAT", None) == (error.dispatch, error.retry, error.pushback)
    assert 2 == len(provider.posts)
