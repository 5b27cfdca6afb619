"""The provider fails, the mesh repeats, the callers repeat: no phone rings twice."""

import faults
import pytest
from meshes import agrees, crowd, finals, posts_by_number
from raw_provider import ACCEPTED, REFUSED, Connection, http, reply
from replicas import PATIENT, number_in, told

BAD_KEY = {"code": "RBC201", "message": "Invalid key", "data": [], "error": {}}


@pytest.mark.parametrize(
    ("fault", "reason", "posts"),
    [
        pytest.param(faults.closes_before_reading, "OUTCOME_UNKNOWN", 0, id="closes before reading"),
        pytest.param(faults.resets_at_the_first_byte, "OUTCOME_UNKNOWN", 0, id="resets at the first byte"),
        pytest.param(faults.closes_after_reading, "OUTCOME_UNKNOWN", 1, id="closes after reading"),
        pytest.param(faults.resets_after_reading, "OUTCOME_UNKNOWN", 1, id="resets after reading"),
        pytest.param(faults.never_answers, "OUTCOME_UNKNOWN", 1, id="never answers"),
        pytest.param(faults.says(faults.HEAD), "OUTCOME_UNKNOWN", 1, id="closes within the headers"),
        pytest.param(faults.says(http(b"", 500)), "OUTCOME_UNKNOWN", 1, id="500"),
        pytest.param(faults.says(http(b"", 503)), "OUTCOME_UNKNOWN", 1, id="503"),
        pytest.param(faults.says(b"SSH-2.0-OpenSSH_9.9\r\n"), "OUTCOME_UNKNOWN", 1, id="garbage"),
        pytest.param(faults.says(reply(REFUSED)), "BRIDGE_NOT_FOUND", 1, id="refuses"),
        pytest.param(faults.says(http(b"", 400)), "PROVIDER_REFUSED", 1, id="400"),
    ],
)
async def test_a_call_that_may_have_left_is_never_sent_again(mesh, provider, fault, reason, posts):
    """Each of three ids is asked for by three callers, through a mesh that repeats: one POST, and one story."""
    await mesh.both(**({} if fault is faults.never_answers else {"provider": PATIENT}))
    provider.behave(fault)

    answers = await crowd(mesh.stub, ids=3, each=3)

    assert {number: {reason} for number in (1, 2, 3)} == finals(answers)
    assert {number: posts for number in (1, 2, 3) if posts} == posts_by_number(provider)
    assert agrees(answers, provider)


@pytest.mark.parametrize(
    ("document", "status"),
    [
        pytest.param({}, 429, id="throttled"),
        pytest.param(BAD_KEY, 200, id="bad key"),
        pytest.param({}, 404, id="wrong URL"),
    ],
)
async def test_a_call_that_rang_nobody_is_made_anew_and_rings_once(mesh, provider, document, status):
    """What the provider refused in a way that frees the id may be tried again, until it is accepted; then no more."""
    rang: list[int] = []

    async def refuses_twice(connection: Connection) -> None:
        while True:
            number = number_in(await connection.receive())
            if posts_by_number(provider)[number] <= 2:
                await connection.send(reply(document, status))
            else:
                rang.append(number)
                await connection.send(reply(ACCEPTED))

    await mesh.both(provider=PATIENT)
    provider.behave(refuses_twice)

    answers = await crowd(mesh.stub, ids=3, each=3)

    assert {number: {"OK"} for number in (1, 2, 3)} == finals(answers)
    assert [1, 2, 3] == sorted(rang)
    assert {1: 3, 2: 3, 3: 3} == posts_by_number(provider)


async def test_what_did_not_leave_is_repeated_by_the_mesh_and_rings_nobody(mesh, provider):
    """The provider's port is closed: Envoy asks twice more, as it may, and the caller is told the truth."""
    closed = mesh.receivers[0]
    await mesh.both(account={"base_url": f"http://127.0.0.1:{closed}"})

    answer = await mesh.answer(1)

    assert ("PROVIDER_UNREACHABLE", False) == told(answer)
    assert ("UNAVAILABLE", "NOT_SENT", "REPEAT") == (answer.code, answer.dispatch, answer.retry)
    assert 2 == await mesh.envoy.stat("cluster.gateway.upstream_rq_retry")
    assert [] == provider.posts
