"""What events hold of the requests that they are told with: each once, and not many large ones at a time."""

import asyncio
from dataclasses import replace

import pytest
from wishes import reserve, wish

from gateway.clock import utc_now
from gateway.kaleyra.reports import Report, ReportKind
from gateway.ledger import transitions
from gateway.ledger.event_page import PAGE_BYTES
from gateway.ledger.record import hashed

NUMBERS = [f"+132365501{number:02}" for number in range(20)]
LARGE = {"dlr_url": "x" * 200_000}


async def place(store, request_id, **call):
    """Records a call to many."""
    recipients = [{"number": number, "reference": f"for {number}"} for number in NUMBERS]
    wanted = replace(wish(request_id, recipients=recipients, **call), token=hashed(request_id.encode()))
    return wanted, (await reserve(store, wanted)).record


async def hear(store, wanted, number):
    told = Report(kind=ReportKind.START, received=utc_now(), provider_call_id=number, callee=number)
    await store.change(wanted.key, lambda found, now: transitions.report(found, wanted.token, told, now))


async def pages(store, limit=100, call_id=None):
    """Reads events to their end, as a watcher does."""
    await store.number_events()
    found, after = [], 0
    while page := await store.events("default", after, call_id, limit):
        found.append(page)
        after = page[-1].sequence
        if not page[-1].is_followed:
            break
    assert [] == await store.events("default", after, call_id, limit)
    return found


def held(page):
    return sum(len(each.request) + len(each.recipient) for each in page)


async def test_a_request_is_held_once_however_many_events_tell_of_it(store):
    """What is about one recipient holds him, and is told with him."""
    wanted, record = await place(store, "request-1", **LARGE)
    await asyncio.gather(*(hear(store, wanted, number) for number in NUMBERS))
    for call_id in (None, record.call_id):
        [page] = await pages(store, call_id=call_id)
        told = [each.to_call_event() for each in page]

        assert len(record.request) <= held(page) < len(record.request) + 20 * 100
        assert len(record.request) < PAGE_BYTES
        assert record.request == page[0].request
        assert {(number, f"for {number}") for number in NUMBERS} == {
            (each.recipient.recipient.number, each.recipient.recipient.reference) for each in told[2:]
        }


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_a_page_ends_where_its_requests_become_large(store, limit):
    """Read on from its end, everything is told, in order, and nothing twice."""
    for number in range(7):
        wanted, _ = await place(store, f"request-{number}", **LARGE)
        await hear(store, wanted, NUMBERS[number])
    read = await pages(store, limit)
    told = [each for page in read for each in page]

    assert [*range(1, 22)] == [each.sequence for each in told]
    assert [f"request-{number}" for number in range(7) for _ in range(3)] == [each.request_id for each in told]
    assert NUMBERS[:7] == [each.to_call_event().recipient.recipient.number for each in told[2::3]]
    assert all(held(page) <= PAGE_BYTES for page in read)


async def test_a_request_that_is_larger_than_a_page_is_told_by_itself(store):
    """However large it is."""
    for number in range(2):
        await place(store, f"request-{number}", dlr_url="x" * PAGE_BYTES)
    read = await pages(store)

    assert [["request-0"], ["request-1"]] == [[each.request_id for each in page] for page in read]


async def test_the_last_page_says_so(store):
    """Whether it is full or not; where as many were found as were asked for, there may be more."""
    for number in range(4):
        await place(store, f"request-{number}")
    await store.number_events()
    followed = [(await store.events("default", 0, None, limit))[-1].is_followed for limit in (3, 4, 5)]

    assert [True, True, False] == followed
