"""`kill -9` at any moment, under load, behind the front: the mesh repeats, the callers repeat, no phone rings twice."""

import asyncio
import random
import signal

from meshes import BRIEF, insisting, may_repeat
from replicas import numbered, told
from test_random_kills import Phones, standing

KILLS = 8
CALLERS = 16


async def test_no_second_call_and_one_story_for_each(mesh, provider):
    """After every kill each id has one final answer, and the provider was asked once for each that may have rung."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    chance = random.Random(seed)
    phones = Phones(chance)
    provider.behave(phones)
    settings = {"provider": BRIEF | {"reply_timeout": 0.5}}
    running = await mesh.both(**settings)
    answers: dict[int, list] = {}
    closing = False

    async def caller() -> None:
        while not closing:
            number = len(answers) + 1
            answers[number] = []
            answers[number] = await insisting(mesh.stub, numbered(number))

    calling = [asyncio.create_task(caller()) for _ in range(CALLERS)]
    for kill in range(KILLS):
        await asyncio.sleep(0.05 + chance.random() * 0.2)
        place = kill % 2
        running[place].send(signal.SIGKILL)
        await running[place].exit_status()
        running[place] = await mesh.gateway(place, **settings)
    closing = True
    await asyncio.gather(*calling)
    again = {number: await insisting(mesh.stub, numbered(number)) for number in answers}

    assert {} == phones.rang_twice()
    assert {number: told(every[-1])[0] for number, every in answers.items()} == {
        number: told(every[-1])[0] for number, every in again.items()
    }
    told_of = {number: told(every[-1])[0] for number, every in answers.items()}
    record = {"OK": "ACCEPTED", "BRIDGE_NOT_FOUND": "REJECTED", "OUTCOME_UNKNOWN": "OUTCOME_UNKNOWN"}
    assert [] == [number for number, story in told_of.items() if record[story] not in standing(phones.posts[number])]
    assert not any(may_repeat(every[-1]) for every in answers.values())
    assert {"OK"} <= set(told_of.values())
