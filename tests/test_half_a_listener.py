"""A name with several addresses, one of them taken: gRPC alone would serve on the others and say nothing."""

import socket

import pytest
from test_lifecycle import started_at

from gateway.listener import _is_taken

ADDRESSES = sorted({address[0] for *_, address in socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)})


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_of_localhost_that_is_taken_stops_the_start(tmp_path, address):
    """Whichever of them it is: callers of localhost would reach somebody else half of the time."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as taken:
        listen = f"localhost:{taken.getsockname()[1]}"
        outcome = started_at(listen, tmp_path)

    assert 2 == outcome.returncode, outcome.stderr
    assert f"  listen: {listen} cannot be listened on: Address already in use" == outcome.stderr.splitlines()[-1]


def test_an_address_that_the_system_does_not_know_is_nobodys():
    """As where IPv6 is off: whether it can be listened on is gRPC's to say."""
    assert not _is_taken(socket.AF_X25, ("::1", 50051, 0, 0))


def test_a_name_that_is_none_is_a_mistake(tmp_path):
    """It is told as any other."""
    outcome = started_at("a..b:50051", tmp_path)

    assert 2 == outcome.returncode, outcome.stderr
    assert outcome.stderr.splitlines()[-1].startswith("  listen: a..b:50051 cannot be listened on: ")
