"""What is done later, and when."""

import asyncio

from gateway.sandbox.agenda import Agenda


async def test_everything_is_done_in_its_order():
    """The soonest first, whatever was given first; at the same time, in the order given."""
    done, finished = [], asyncio.Event()
    agenda = Agenda(1000, lambda: None)

    for seconds, name in ((30, "c"), (10, "a"), (20, "b"), (40, "d")):
        agenda.after(seconds, lambda name=name: done.append(name))
    agenda.after(50, finished.set)
    await finished.wait()

    assert ["a", "b", "c", "d"] == done
    assert not agenda


async def test_what_is_done_may_have_more_done():
    """An action's own follow-up is not forgotten."""
    finished = asyncio.Event()
    agenda = Agenda(1000, lambda: None)

    agenda.after(1, lambda: agenda.after(1, finished.set))
    await finished.wait()

    assert not agenda


async def test_nothing_is_done_once_it_is_cleared():
    """What was forgotten does not happen when its time comes."""
    done, finished = [], asyncio.Event()
    agenda = Agenda(1000, lambda: None)

    agenda.after(1, lambda: done.append("forgotten"))
    agenda.clear()
    agenda.after(50, finished.set)
    await finished.wait()

    assert [] == done


async def test_a_mistake_does_not_stop_the_rest():
    """The event loop is told of it, and the next action is done."""
    told, finished = [], asyncio.Event()
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: told.append(type(context["exception"])))
    agenda = Agenda(1000, lambda: None)

    agenda.after(1, lambda: 1 / 0)
    agenda.after(50, finished.set)
    await finished.wait()
    loop.set_exception_handler(before)

    assert [ZeroDivisionError] == told


async def test_thousands_wait_without_a_task():
    """What waits costs an entry in a heap, and one timer is wound for all."""
    tasks = len(asyncio.all_tasks())
    agenda = Agenda(1, lambda: None)

    for seconds in range(10_000):
        agenda.after(1000 + seconds, lambda: None)
    waiting = len(agenda)
    agenda.clear()

    assert 10_000 == waiting
    assert tasks == len(asyncio.all_tasks())
