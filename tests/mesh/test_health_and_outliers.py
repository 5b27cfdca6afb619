"""Which gateways Envoy sends calls to: those that are ready to dial and can be reached, whatever they answer."""

import asyncio
import signal

import faults
import pytest
from meshes import crowd, finals
from nursery import Child
from postgres_proxy import PostgresProxy
from replicas import PATIENT, told


async def gone(child: Child) -> None:
    child.send(signal.SIGKILL)
    await child.exit_status()


async def test_a_gateway_without_its_ledger_gets_no_calls_though_it_is_alive(mesh):
    """Envoy asks for the service by name: an unready gateway is left out, and comes back by itself.

    A third one is not there at all: even with most of them unwell, no call is sent where it would be refused.
    """
    mesh.ports.append(mesh.receivers[0])
    async with PostgresProxy.before(mesh.ledger["url"]) as proxy:
        alive = await mesh.gateway(0, ledger={"url": proxy.url}, provider=PATIENT)
        await mesh.gateway(1, provider=PATIENT)
        await mesh.front()
        await mesh.envoy.finds(*mesh.ports[:2])
        proxy.go_down()
        await mesh.envoy.finds(mesh.ports[1])
        answers = [told(await mesh.answer(number)) for number in range(1, 11)]
        repeats = await mesh.envoy.stat("cluster.gateway.upstream_rq_retry")
        proxy.heal()
        await mesh.envoy.finds(*mesh.ports[:2])

    assert ([("OK", False)] * 10, 0) == (answers, repeats)
    assert not alive.ended.done()


@pytest.mark.parametrize("is_there", [pytest.param(True, id="it fails"), pytest.param(False, id="it is not there")])
async def test_a_failing_provider_makes_no_gateway_an_outlier(mesh, provider, is_there):
    """UNKNOWN and UNAVAILABLE tell of the provider: a gateway that says so is as good as any other."""
    closed = mesh.receivers[0]
    await mesh.both(account={} if is_there else {"base_url": f"http://127.0.0.1:{closed}"}, provider=PATIENT)
    provider.behave(faults.closes_after_reading)
    reasons = {(await mesh.answer(number)).reason for number in range(1, 21)}

    assert {"OUTCOME_UNKNOWN" if is_there else "PROVIDER_UNREACHABLE"} == reasons
    assert {port: {} for port in mesh.ports} == await mesh.envoy.hosts()
    assert 0 == await mesh.envoy.stat("cluster.gateway.outlier_detection.ejections_enforced_total")


async def test_a_gateway_that_cannot_be_reached_is_left_out_before_its_health_is_asked_for(mesh, provider):
    """Between two health checks, too, nobody's call fails, and the dead gateway is tried a few times only."""

    def asks_seldom(document) -> None:
        [cluster] = document["static_resources"]["clusters"]
        cluster["health_checks"][0] |= {"interval": "60s", "no_traffic_interval": "60s"}
        cluster["outlier_detection"]["base_ejection_time"] = "60s"  # it is looked at meanwhile

    dying = await mesh.gateway(0, provider=PATIENT)
    await mesh.gateway(1, provider=PATIENT)
    await mesh.front(asks_seldom)
    await mesh.envoy.finds(*mesh.ports)
    await gone(dying)
    answers = await crowd(mesh.stub, ids=20, each=1)

    assert {"OK"} == set.union(*finals(answers).values())
    assert {mesh.ports[0]: {"failed_outlier_check": True}, mesh.ports[1]: {}} == await mesh.envoy.hosts()
    assert 1 == await mesh.envoy.stat("cluster.gateway.outlier_detection.ejections_enforced_total")
    assert 20 == len(provider.posts)


async def test_a_gateway_that_is_back_is_called_at_once(mesh, provider):
    """Envoy acts on each change of health, also on the second within a second: the next one may go meanwhile."""

    def asks_often(document) -> None:
        [cluster] = document["static_resources"]["clusters"]
        cluster["health_checks"][0] |= {"interval": "0.1s", "no_traffic_interval": "0.1s"}

    gone_for_now = await mesh.gateway(0)
    await mesh.gateway(1)
    await mesh.front(asks_often)
    await mesh.envoy.finds(*mesh.ports)
    await asyncio.sleep(1.1)  # the second within which the next change would be merged with these
    await gone(gone_for_now)
    await mesh.envoy.finds(mesh.ports[1])
    await mesh.gateway(0, account={"sid": "HXXXXXXX072US"})
    await mesh.envoy.finds(*mesh.ports)
    for number in range(1, 11):
        await mesh.answer(number)

    assert "/v1/HXXXXXXX072US/voice/outbound" in {post.path for post in provider.posts}
