"""ListCalls: every call that meets the filters, newest first, once each, whatever the pages and the meantime."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from itertools import count, cycle
from typing import Any

import pytest
from faulty_store import FaultyStore
from gateway_under_test import TO_A_FLOW
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from shelf import NOON, Shelf, running_shelf, store_of

from gateway.calls import reading
from gateway.ledger.record import Record
from gateway.ledger.store import Filter
from voicegateway.v1.outbound_call_pb2 import (
    DISPATCH_ACCEPTED,
    DISPATCH_NOT_SENT,
    DISPATCH_OUTCOME_UNKNOWN,
    DISPATCH_REJECTED,
    DISPATCH_SENDING,
    Dispatch,
)
from voicegateway.v1.outbound_call_service_pb2 import ListCallsResponse

MICROSECOND = timedelta(microseconds=1)
LARGE = {"playlist": {"items": [{"message": {"text": "\U0001f600" * 4000}}] * 20}, "ivr": None}
"""A call of about 320,000 bytes: seven of them are more than 2 MiB."""


@pytest.fixture
async def shelf(ledger: dict[str, str], provider) -> AsyncIterator[Shelf]:
    """A gateway with two accounts, on a ledger of each kind."""
    async with running_shelf(ledger, provider.url) as shelf:
        yield shelf


def after_noon(microseconds: float) -> str:
    """A time as JSON, to the nanosecond."""
    whole, nanoseconds = divmod(round(microseconds * 1000), 1000)
    return f"{(NOON + whole * MICROSECOND).isoformat(timespec='microseconds')[:-6]}{nanoseconds:03}Z"


# What is listed


async def test_a_list_is_the_accounts_own_newest_first(shelf):
    """The order is that of their recording; what was made at the same moment stands in the order of ids."""
    old = await shelf.put(at=timedelta(seconds=-1))
    same = [await shelf.put() for _ in range(3)]
    new = await shelf.put(at=timedelta(seconds=1))
    theirs = await shelf.put(account="second")

    assert [new, *sorted(same, reverse=True), old] == await shelf.ids()
    assert await shelf.ids() == await shelf.ids(account="default")
    assert [theirs] == await shelf.ids(account="second")


async def test_a_listed_call_is_the_call_that_get_call_reads(shelf):
    """A list holds whole calls."""
    placed = (await shelf.gateway.place_call()).call

    assert [await shelf.get(callId=placed.call_id)] == list((await shelf.page()).calls) == [placed]


async def test_no_calls_are_an_empty_last_page(shelf):
    """An account without calls is no error."""
    assert ListCallsResponse() == await shelf.page()


async def test_a_list_of_no_account_is_refused(shelf):
    """It says nothing of phones."""
    error = await shelf.page_error(account="third")

    assert ("NOT_FOUND", "ACCOUNT_NOT_FOUND", "", "") == (error.code, error.reason, error.dispatch, error.retry)


DISPATCHES = [name for name in Dispatch.keys() if name != "DISPATCH_UNSPECIFIED"]  # noqa: SIM118 - no dictionary


async def test_dispatches_are_any_of(shelf):
    """A call has one of them, or is left out; one that is named twice counts once."""
    ids = {name: await shelf.put(dispatch=Dispatch.Value(name)) for name in DISPATCHES}

    for name in DISPATCHES:
        assert [ids[name]] == await shelf.ids(dispatches=[name])
    assert {ids["DISPATCH_ACCEPTED"], ids["DISPATCH_SENDING"]} == set(
        await shelf.ids(dispatches=["DISPATCH_SENDING", "DISPATCH_ACCEPTED", "DISPATCH_SENDING"])
    )
    assert set(ids.values()) == set(await shelf.ids())


@pytest.mark.parametrize(
    ("called", "asked", "is_found"),
    [
        pytest.param(["+13236550107"], "+13236550107", True, id="as it is"),
        pytest.param(["+13236550107"], "13236550107", True, id="asked without its plus"),
        pytest.param(["+13236550107"], "3236550107", False, id="asked without its country code"),
        pytest.param(["3236550107", "+1"], "+13236550107", True, id="given without the prefix"),
        pytest.param(["3236550107", "+1"], "13236550107", True, id="given without the prefix, asked without plus"),
        pytest.param(["3236550107", "+1"], "3236550107", True, id="asked as it was given"),
        pytest.param(["3236550107", "1"], "+13236550107", True, id="a prefix without its plus"),
        pytest.param(["+13236550107", "1"], "113236550107", False, id="a prefix that does not count"),
        pytest.param(["+13236550107"], "+1323655010", False, id="the beginning of a number"),
        pytest.param(["+13236550107"], "+13236550108", False, id="another number"),
    ],
)
async def test_a_number_is_compared_by_its_digits(shelf, called, asked, is_found):
    """With and without plus, with and without the prefix: it is the same phone; one of many is enough."""
    number, prefix = [*called, ""][:2]
    recipients = [{"number": "+447700900123"}, {"number": number}]
    call = await shelf.put(recipients=recipients, prefix=prefix)
    await shelf.put(recipients=[{"number": "+447700900124"}])

    assert [call] * is_found == await shelf.ids(number=asked)


async def test_a_custom_is_compared_as_it_was_sent(shelf):
    """Byte by byte; where the caller gave none, the call's own id was sent, and finds it."""
    given, other, none = await shelf.put(custom="T1"), await shelf.put(custom="t1 "), await shelf.put()

    assert [given] == await shelf.ids(custom="T1")
    assert [other] == await shelf.ids(custom="t1 ")
    assert [none] == await shelf.ids(custom=none)
    assert [] == await shelf.ids(custom=given)
    assert [] == await shelf.ids(custom="T%")


@pytest.mark.parametrize(
    ("bounds", "found"),
    [
        pytest.param({"createTimeAfter": 1}, [1, 2, 3], id="after, inclusive"),
        pytest.param({"createTimeBefore": 2}, [0, 1], id="before, exclusive"),
        pytest.param({"createTimeAfter": 1.001}, [2, 3], id="after, a nanosecond later"),
        pytest.param({"createTimeAfter": 0.999}, [1, 2, 3], id="after, a nanosecond earlier"),
        pytest.param({"createTimeBefore": 1.999}, [0, 1], id="before, a nanosecond earlier"),
        pytest.param({"createTimeBefore": 2.001}, [0, 1, 2], id="before, a nanosecond later"),
        pytest.param({"createTimeAfter": 1, "createTimeBefore": 2}, [1], id="one microsecond"),
        pytest.param({"createTimeAfter": 1.001, "createTimeBefore": 1.999}, [], id="between two microseconds"),
        pytest.param({"createTimeAfter": 2, "createTimeBefore": 1}, [], id="an end before its beginning"),
    ],
)
async def test_times_are_bounds_to_the_nanosecond(shelf, bounds, found):
    """After is inclusive and before is exclusive, though the ledger knows microseconds only."""
    ids = [await shelf.put(at=each * MICROSECOND) for each in range(4)]

    asked = {name: after_noon(microseconds) for name, microseconds in bounds.items()}
    assert [ids[each] for each in reversed(found)] == await shelf.ids(**asked)


async def test_the_first_and_the_last_of_all_times_are_bounds_too(shelf):
    """What a Timestamp can hold is no error."""
    first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"
    call = await shelf.put()

    assert [call] == await shelf.ids(createTimeAfter=first, createTimeBefore=last)
    assert [] == await shelf.ids(createTimeAfter=last)
    assert [] == await shelf.ids(createTimeBefore=first)


async def test_all_filters_count_at_once(shelf):
    """A call that fails one of them is left out."""
    wanted = {"dispatch": DISPATCH_REJECTED, "custom": "T1", "at": MICROSECOND}
    call = await shelf.put(**wanted)
    await shelf.put(**wanted | {"dispatch": DISPATCH_ACCEPTED})
    await shelf.put(**wanted | {"custom": "T2"})
    await shelf.put(**wanted | {"at": 2 * MICROSECOND})
    await shelf.put(**wanted, recipients=[{"number": "+13236550108"}])
    await shelf.put(**wanted, account="second")

    filters = {"dispatches": ["DISPATCH_REJECTED"], "custom": "T1", "number": "13236550107"}
    assert [call] == await shelf.ids(**filters, createTimeBefore=after_noon(2))


# Pages


@pytest.fixture
async def full_shelf(shelf) -> tuple[Shelf, list[str]]:
    """1,001 calls, and their ids from the newest to the oldest."""
    calls = [shelf.put(at=number * MICROSECOND) for number in range(1001)]
    return shelf, list(reversed(await asyncio.gather(*calls)))


async def test_a_page_has_a_hundred_calls_and_a_thousand_at_most(full_shelf):
    """0 means 100, and more than 1,000 means 1,000."""
    shelf, ids = full_shelf

    assert ids[:100] == await shelf.ids()
    assert ids[:1] == await shelf.ids(pageSize=1)
    assert ids[:1000] == await shelf.ids(pageSize=1001) == await shelf.ids(pageSize=2**31 - 1)
    assert [ids[:1000], ids[1000:]] == await shelf.pages([1000] * 2)


async def test_a_page_size_may_change_on_the_way(full_shelf):
    """A token says where the list goes on, not how far."""
    shelf, ids = full_shelf

    assert [ids[:400], ids[400:401], ids[401:501], ids[501:]] == await shelf.pages([400, 1, 0, 500])


async def test_a_negative_page_size_is_refused(shelf):
    """It is no default."""
    error = await shelf.page_error(pageSize=-1)

    assert ("INVALID_REQUEST", [("page_size", "INT32_GTE")]) == (error.reason, error.violations)


@pytest.mark.parametrize("size", [1, 2, 3, 6])
async def test_a_last_page_that_is_full_is_the_last(shelf, size):
    """Nobody is sent for an empty page."""
    calls = [await shelf.put(at=number * MICROSECOND) for number in range(6)]
    pages = await shelf.pages([size] * 6)

    assert [size] * (6 // size) == [len(page) for page in pages]
    assert list(reversed(calls)) == [each for page in pages for each in page]


async def test_a_page_of_large_calls_ends_at_two_mebibytes(shelf):
    """It holds as many as fit, never none, and says that it goes on."""
    calls = [await shelf.put(at=number * MICROSECOND, **LARGE) for number in range(20)]
    pages = await whole_pages(shelf)

    assert list(reversed(calls)) == [call.call_id for page in pages for call in page.calls]
    assert [6, 6, 6, 2] == [len(page.calls) for page in pages]
    assert [] == [page.ByteSize() for page in pages if page.ByteSize() > 2 * 1024 * 1024]


class CountingStore(FaultyStore):
    """Counts the records that pages are made of."""

    read = 0

    async def page(self, wanted: Filter, limit: int) -> list[Record]:
        records = await self._inner.page(wanted, limit)
        self.read += len(records)
        return records


@pytest.mark.parametrize("messages", [pytest.param(20, id="six fill a page"), pytest.param(6, id="twenty fill a page")])
async def test_large_calls_are_not_read_for_nothing(tmp_path, provider, messages):
    """A page that ends at 2 MiB has read little more than it shows."""
    ledger, text = {"url": f"sqlite:///{tmp_path}/ledger.db"}, LARGE["playlist"]["items"][:messages]
    store = CountingStore(store_of(ledger))
    async with running_shelf(ledger, provider.url, store=store) as shelf:
        for number in range(100):
            await shelf.put(at=number * MICROSECOND, playlist={"items": text}, ivr=None)
        pages = await whole_pages(shelf)

    assert 100 == sum(len(page.calls) for page in pages)
    assert store.read < 2 * 100


async def test_no_page_is_larger_than_its_limit_unless_it_is_one_call(shelf, monkeypatch):
    """Wherever the limit is, a page with its token stays below, and one call is a page however large."""
    calls = [await shelf.put(at=number * MICROSECOND) for number in range(4)]
    for limit in range(1, 1000, 7):
        monkeypatch.setattr(reading, "PAGE_BYTES", limit)
        pages = await whole_pages(shelf)

        assert list(reversed(calls)) == [call.call_id for page in pages for call in page.calls]
        assert [] == [page.ByteSize() for page in pages if page.ByteSize() > limit and len(page.calls) > 1]


async def whole_pages(shelf: Shelf) -> list[ListCallsResponse]:
    pages = [await shelf.page(pageSize=1000)]
    while pages[-1].next_page_token:
        pages.append(await shelf.page(pageSize=1000, pageToken=pages[-1].next_page_token))
    return pages


async def test_calls_that_are_placed_meanwhile_shift_nothing(shelf):
    """Whoever reads page after page meets each call that was there once, while others are being placed."""
    there = [(await shelf.gateway.place_call()).call.call_id for _ in range(30)]

    async def goes_on_placing() -> None:
        while True:
            await asyncio.gather(*(shelf.gateway.place_call() for _ in range(5)))

    placing = asyncio.create_task(goes_on_placing())
    seen, token = list[str](), ""
    while token or not seen:
        page = await shelf.page(pageSize=4, pageToken=token)
        seen += [call.call_id for call in page.calls]
        token = page.next_page_token
        await shelf.gateway.place_call()
    placing.cancel()
    with suppress(asyncio.CancelledError):
        await placing

    assert sorted(set(seen)) == sorted(seen)
    assert list(reversed(there)) == [each for each in seen if each in set(there)]
    assert len(await shelf.ids(pageSize=1000)) > len(seen)


async def test_a_call_that_is_attempted_again_keeps_its_place(shelf, provider):
    """A free call that dials again is as old as before."""
    provider.reply({}, 429)
    call = dict(TO_A_FLOW)
    await shelf.gateway.place_call_error(call, requestId="reminder-1")
    await shelf.gateway.place_call_error(call, requestId="reminder-2")
    before = await shelf.ids()
    await shelf.gateway.place_call_error(call, requestId="reminder-1")

    assert before == await shelf.ids()


# Tokens


FILTERS: dict[str, Any] = {
    "dispatches": ["DISPATCH_ACCEPTED"],
    "number": "+13236550107",
    "custom": "T1",
    "createTimeAfter": after_noon(0),
    "createTimeBefore": after_noon(9),
}


@pytest.fixture
async def one_shelf(tmp_path, provider) -> AsyncIterator[Shelf]:
    """A gateway on SQLite alone: a token is refused before any ledger is asked."""
    async with running_shelf({"url": f"sqlite:///{tmp_path}/ledger.db"}, provider.url) as shelf:
        yield shelf


@pytest.fixture
async def token(one_shelf) -> str:
    """The token after the first of three calls, with every filter."""
    shelf = one_shelf
    for number in range(3):
        await shelf.put(at=number * MICROSECOND, custom="T1")
        await shelf.put(at=number * MICROSECOND, custom="T1", account="second")
    page = await shelf.page(**FILTERS, pageSize=1)
    assert 2 == len(await shelf.ids(**FILTERS, pageToken=page.next_page_token))
    return page.next_page_token


REFUSED = ("INVALID_ARGUMENT", "INVALID_REQUEST", [("page_token", "PAGE_TOKEN")], "", "")


async def refused(shelf: Shelf, **fields: Any) -> tuple[Any, ...]:
    error = await shelf.page_error(**fields)
    return error.code, error.reason, error.violations, error.dispatch, error.retry


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"account": "second"}, id="another account"),
        pytest.param({"dispatches": []}, id="no dispatch"),
        pytest.param({"dispatches": ["DISPATCH_ACCEPTED", "DISPATCH_SENDING"]}, id="one more dispatch"),
        pytest.param({"number": "+13236550108"}, id="another number"),
        pytest.param({"custom": ""}, id="no custom"),
        pytest.param({"createTimeAfter": after_noon(0.001)}, id="another beginning"),
        pytest.param({"createTimeBefore": None}, id="no end"),
    ],
)
async def test_a_token_of_another_list_is_refused(one_shelf, token, change):
    """It belongs to its account and its filters."""
    fields = {name: value for name, value in (FILTERS | change).items() if value is not None}

    assert REFUSED == await refused(one_shelf, **fields, pageToken=token)


@pytest.mark.parametrize(
    "same",
    [
        pytest.param({"account": "default"}, id="the account by its name"),
        pytest.param({"pageSize": 7}, id="another size"),
        pytest.param({"number": "13236550107"}, id="the number without its plus"),
        pytest.param({"dispatches": ["DISPATCH_ACCEPTED"] * 2}, id="a dispatch twice"),
    ],
)
async def test_a_token_goes_with_the_same_list_however_it_is_asked_for(one_shelf, token, same):
    """What makes no other list makes no other token."""
    assert 2 == len(await one_shelf.ids(**FILTERS | same, pageToken=token))


async def test_a_cut_token_is_refused_wherever_it_is_cut(one_shelf, token):
    """From the front and from the back, to the last character."""
    cut = [token[:length] for length in range(1, len(token))] + [token[start:] for start in range(1, len(token))]

    assert {str(REFUSED)} == {str(await refused(one_shelf, **FILTERS, pageToken=each)) for each in cut}


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(lambda _: "x", id="one letter"),
        pytest.param(lambda _: "2", id="a page's number"),
        pytest.param(lambda _: "ünïcode", id="no ASCII"),
        pytest.param(lambda token: token + "AAAA", id="longer"),
        pytest.param(lambda token: token + token, id="twice"),
        pytest.param(lambda token: f" {token}", id="a space before"),
        pytest.param(lambda token: "A" + token[1:] if token[0] != "A" else "B" + token[1:], id="another first letter"),
        pytest.param(lambda token: token[:-4] + "____", id="an id that is none"),
        pytest.param(
            lambda token: base64.urlsafe_b64encode(
                base64.urlsafe_b64decode(token)[:8] + b"\xff" * 8 + base64.urlsafe_b64decode(token)[16:]
            ).decode(),
            id="a time beyond all years",
        ),
    ],
)
async def test_what_is_no_token_is_refused(one_shelf, token, spoilt):
    """It names its field, and nothing is listed from somewhere else."""
    assert REFUSED == await refused(one_shelf, **FILTERS, pageToken=spoilt(token))


async def test_an_old_token_goes_on_where_it_did(one_shelf, token):
    """A token is good as long as its list, and any number of times."""
    before = await one_shelf.ids(**FILTERS, pageToken=token)
    await one_shelf.put(at=3 * MICROSECOND, custom="T1")
    late = await one_shelf.put(at=timedelta(0), custom="T1")

    assert before == [each for each in await one_shelf.ids(**FILTERS, pageToken=token) if each != late]


# Anything


NUMBERS = ["+13236550107", "+13236550108", "+447700900123", "3236550107", "13236550107"]
FULL_NUMBERS = {
    ("+13236550107", "+1"): "13236550107",
    ("+13236550108", "+1"): "13236550108",
    ("+447700900123", "+1"): "447700900123",
    ("3236550107", "+1"): "13236550107",
    ("13236550107", "+1"): "113236550107",
}
CALLS = st.fixed_dictionaries(
    {
        "numbers": st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3, unique=True),
        "custom": st.sampled_from(["", "T1", "T2"]),
        "dispatch": st.sampled_from(
            [DISPATCH_NOT_SENT, DISPATCH_SENDING, DISPATCH_ACCEPTED, DISPATCH_REJECTED, DISPATCH_OUTCOME_UNKNOWN]
        ),
        "at": st.integers(0, 5),
    }
)
BOUNDS = st.none() | st.integers(-1, 6000).map(lambda nanoseconds: nanoseconds / 1000)
WANTED = st.fixed_dictionaries(
    {
        "dispatches": st.lists(st.sampled_from(DISPATCHES), max_size=3),
        "number": st.sampled_from(["", "", "+13236550107", "13236550107", "3236550107", "113236550107", "99999"]),
        "custom": st.sampled_from(["", "", "T1", "T2", "the first call's id"]),
        "after": BOUNDS,
        "before": BOUNDS,
    }
)
ACCOUNTS = [f"account-{number}" for number in range(1000)]
EXAMPLES = count()
THROUGH_A_SERVER = settings(
    deadline=None,
    max_examples=60,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
async def wide_shelf(ledger, provider) -> AsyncIterator[Shelf]:
    """A gateway with an account for each example."""
    async with running_shelf(ledger, provider.url, accounts=ACCOUNTS) as shelf:
        yield shelf


@THROUGH_A_SERVER
@given(
    calls=st.lists(CALLS, max_size=12),
    wanted=WANTED,
    sizes=st.lists(st.sampled_from([0, 1, 2, 3, 5, 1000]), min_size=1, max_size=4),
    page_bytes=st.sampled_from([1, 400, 900, 2 * 1024 * 1024]),
    first_read=st.sampled_from([1, 2, 10]),
    at_once=st.sampled_from([1, 2, 100]),
)
async def test_any_pages_of_any_list_are_the_whole_list(
    wide_shelf, calls, wanted, sizes, page_bytes, first_read, at_once
):
    """Whatever is recorded, asked for, and however it is cut: put together, the pages are the filtered list."""
    shelf, account = wide_shelf, ACCOUNTS[next(EXAMPLES) % len(ACCOUNTS)]
    made = [(await put(shelf, call, account), call) for call in calls]
    first = made[0][0] if made else "none"
    wanted = wanted | {"custom": wanted["custom"].replace("the first call's id", first)}
    expected = [
        call_id
        for call_id, call in sorted(made, key=lambda each: (each[1]["at"], each[0]), reverse=True)
        if meets(call_id, call, wanted)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "PAGE_BYTES", page_bytes)
        patch.setattr(reading, "_FIRST", first_read)
        patch.setattr(reading, "_AT_ONCE", at_once)
        pages = await shelf.pages(cycle(sizes), account=account, **filters_from(wanted))

    assert expected == [each for page in pages for each in page]
    assert expected == [] or all(pages)
    assert [] == [len(page) for page, size in zip(pages, cycle(sizes), strict=False) if len(page) > (size or 100)]


async def put(shelf: Shelf, call: dict[str, Any], account: str) -> str:
    return await shelf.put(
        recipients=[{"number": number} for number in call["numbers"]],
        prefix="+1",
        custom=call["custom"],
        dispatch=call["dispatch"],
        at=call["at"] * MICROSECOND,
        account=account,
    )


def meets(call_id: str, call: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a call is what is asked for, as the contract says it."""
    digits = {number.strip("+") for number in call["numbers"]} | {
        FULL_NUMBERS[number, "+1"] for number in call["numbers"]
    }
    return (
        (not wanted["dispatches"] or Dispatch.Name(call["dispatch"]) in wanted["dispatches"])
        and (not wanted["number"] or wanted["number"].strip("+") in digits)
        and (not wanted["custom"] or wanted["custom"] == (call["custom"] or call_id))
        and (wanted["after"] is None or call["at"] >= wanted["after"])
        and (wanted["before"] is None or call["at"] < wanted["before"])
    )


def filters_from(wanted: dict[str, Any]) -> dict[str, Any]:
    """Writes what is asked for as the request's JSON."""
    times = {"createTimeAfter": wanted["after"], "createTimeBefore": wanted["before"]}
    return {name: wanted[name] for name in ("dispatches", "number", "custom")} | {
        name: after_noon(time) for name, time in times.items() if time is not None
    }
