"""An Envoy on the way out: with Istio's former default retries it rings phones twice; the shipped route never does."""

from pathlib import Path

import faults
import pytest
import trustme
from envoys import Document, placed, route, running_envoy, shipped
from free_ports import free_ports
from gateway_under_test import GatewayUnderTest, Refusal
from raw_provider import ACCEPTED, RawProvider, answering, certified, http, reply

NAME = "api.kaleyra.io"
PATIENT = {"connect_timeout": 10, "reply_timeout": 30}
HASTY = {"connect_timeout": 10, "reply_timeout": 3}
UNKNOWN = ("OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN", "LOOK_UP")

ISTIO_UNTIL_1_23: Document = {
    "retry_on": "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes",
    "retriable_status_codes": [503],
    "num_retries": 2,
    "retry_host_predicate": [
        {
            "name": "envoy.retry_host_predicates.previous_hosts",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
            },
        }
    ],
    "host_selection_retry_max_attempts": 5,
}
"""What Istio put on every route by default; since 1.24 without the 503."""

ISTIO_SINCE_1_24 = ISTIO_UNTIL_1_23 | {"retriable_status_codes": []}


@pytest.fixture
def authority() -> trustme.CA:
    """Who signs the provider's certificate."""
    return trustme.CA()


@pytest.fixture
async def provider(authority):
    """A provider behind TLS, under its own name."""
    async with RawProvider.listening(certified(authority, NAME)) as listening:
        yield listening


@pytest.fixture
def egress(provider, authority, tmp_path) -> Document:
    """The shipped way out, to that provider."""
    trusted = tmp_path / "ca.crt"
    authority.cert_pem.write_to_path(str(trusted))
    document = placed(shipped("egress.yaml"), [port_of(provider)])
    [cluster] = document["static_resources"]["clusters"]
    validation = cluster["transport_socket"]["typed_config"]["common_tls_context"]["validation_context"]
    validation["trusted_ca"]["filename"] = str(trusted)
    return document


def port_of(provider: RawProvider) -> int:
    return int(provider.url.rpartition(":")[2])


async def refused(start_gateway, egress: Document, folder: Path, times: Document) -> Refusal:
    """Places a call that goes out through Envoy and comes to no good end."""
    async with running_envoy(egress, folder) as envoy:
        gateway: GatewayUnderTest = await start_gateway(
            account={"base_url": f"http://{envoy.addresses['egress']}"}, provider=times
        )
        return await gateway.place_call_error()


def told(error: Refusal) -> tuple[str, str, str]:
    return error.reason, error.dispatch, error.retry


async def test_istios_former_default_rings_phones_three_times(start_gateway, provider, egress, tmp_path):
    """A 503 may come from a provider that has dialed: Envoy sends the POST twice more, and the gateway cannot know."""
    route(egress)["retry_policy"] = ISTIO_UNTIL_1_23
    provider.behave(answering(http(b"", 503)))

    error = await refused(start_gateway, egress, tmp_path, PATIENT)

    assert UNKNOWN == told(error)
    assert 3 == len(provider.posts)
    assert 1 == len({post.body for post in provider.posts})


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(answering(http(b"", 503)), id="503"),
        pytest.param(answering(http(b"", 503, "grpc-status: 14\r\n")), id="503 with a gRPC status"),
        pytest.param(answering(http(b"", 504)), id="504"),
        pytest.param(answering(http(b"", 503, "x-envoy-ratelimited: true\r\n")), id="503 of another Envoy"),
        pytest.param(faults.closes_before_reading, id="closes before reading"),
        pytest.param(faults.resets_at_the_first_byte, id="resets at the first byte"),
        pytest.param(faults.closes_after_reading, id="closes after reading"),
        pytest.param(faults.resets_after_reading, id="resets after reading"),
        pytest.param(faults.says(faults.HEAD), id="closes within the headers"),
        pytest.param(faults.says(faults.HEAD + b"content-length: 4000\r\n\r\n" + faults.BODY), id="closes in the body"),
        pytest.param(faults.says(b"SSH-2.0-OpenSSH_9.9\r\n"), id="garbage"),
        pytest.param(faults.redirects(302, f"http://{NAME}"), id="302"),
    ],
)
async def test_the_shipped_route_sends_a_post_once(start_gateway, provider, egress, tmp_path, fault):
    """Whatever the provider does with it, Envoy hands the POST over once, and nobody knows what became of it."""
    provider.behave(fault)

    error = await refused(start_gateway, egress, tmp_path, PATIENT)

    assert UNKNOWN == told(error)
    assert len(provider.posts) <= 1
    assert 1 == len(provider.connections)


async def test_the_gateway_is_the_one_who_stops_waiting(start_gateway, provider, egress, tmp_path):
    """No answer within `reply_timeout`: Envoy has neither answered 504 before that, nor sent it anew."""
    provider.behave(faults.never_answers)

    error = await refused(start_gateway, egress, tmp_path, HASTY)

    assert UNKNOWN == told(error)
    assert "http_status" not in error.info.metadata
    assert 1 == len(provider.posts)


async def test_a_connection_that_the_provider_closes_when_it_is_used_again(start_gateway, provider, egress, tmp_path):
    """Envoy keeps connections, too: a POST on one that is closed just then is lost, and not sent on another."""
    provider.behave(faults.closes_when_used_again)
    async with running_envoy(egress, tmp_path) as envoy:
        gateway = await start_gateway(account={"base_url": f"http://{envoy.addresses['egress']}"}, provider=PATIENT)
        await gateway.place_call()
        error = await gateway.place_call_error()

    assert UNKNOWN == told(error)
    assert 2 == len(provider.posts)


async def test_istios_default_since_1_24_does_not_repeat_a_503(start_gateway, provider, egress, tmp_path):
    """The 503 is gone from it; that a mesh is new enough, and nobody has put it back, is not ours to rely on."""
    route(egress)["retry_policy"] = ISTIO_SINCE_1_24
    provider.behave(answering(http(b"", 503)))

    await refused(start_gateway, egress, tmp_path, PATIENT)

    assert 1 == len(provider.posts)


async def test_a_call_is_placed_through_the_shipped_route(start_gateway, provider, egress, tmp_path):
    """The provider sees its own name, whatever the gateway calls Envoy."""
    provider.behave(answering(reply(ACCEPTED)))
    async with running_envoy(egress, tmp_path) as envoy:
        gateway = await start_gateway(account={"base_url": f"http://{envoy.addresses['egress']}"}, provider=PATIENT)
        await gateway.place_call()

    [post] = provider.posts
    assert NAME == post.headers["host"]


async def test_envoy_costs_the_proof_that_nobody_was_dialed(start_gateway, egress, tmp_path):
    """Envoy takes the request before it connects: where nobody listens behind it, the outcome is unknown."""
    placed(egress, free_ports(1))

    error = await refused(start_gateway, egress, tmp_path, PATIENT)

    assert UNKNOWN == told(error)
    assert "503" == error.info.metadata["http_status"]


async def test_a_certificate_of_another_is_refused(start_gateway, egress, tmp_path, authority):
    """Envoy checks the provider's name: the key and the numbers go to nobody else."""
    async with RawProvider.listening(certified(authority, "example.com")) as other:
        placed(egress, [port_of(other)])
        await refused(start_gateway, egress, tmp_path, PATIENT)

        assert [] == other.posts


# The gateway's own TLS, passed on


@pytest.mark.parametrize(
    ("is_there", "expected"),
    [
        pytest.param(True, UNKNOWN, id="503"),
        pytest.param(False, ("PROVIDER_UNREACHABLE", "NOT_SENT", "REPEAT"), id="nobody listens"),
    ],
)
async def test_passed_on_a_call_keeps_its_proof(start_gateway, authority, tmp_path, is_there, expected):
    """Envoy sees bytes only: one POST for a 503, and none is known to have left where the provider is not there."""
    trusted = tmp_path / "ca.crt"
    authority.cert_pem.write_to_path(str(trusted))
    async with RawProvider.listening(certified(authority)) as behind:
        behind.behave(answering(http(b"", 503)))
        document = placed(shipped("egress_tls.yaml"), [port_of(behind)] if is_there else free_ports(1))
        async with running_envoy(document, tmp_path) as envoy:
            gateway = await start_gateway(
                account={"base_url": f"https://{envoy.addresses['egress']}"},
                provider=PATIENT | {"ca_file": str(trusted)},
            )
            error = await gateway.place_call_error()

        assert expected == told(error)
        assert int(is_there) == len(behind.posts)
