"""TLS by setting: with which certificate, in which versions, and for which clients."""

import asyncio
import os
import resource
import socket
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest
import trustme
from receiver_under_test import PATH, request
from waiting import until

from gateway.receiver import Limits, handshakes
from gateway.settings import InvalidSettingsError, Tls


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory):
    """The receiver's certificate and key, and the authority of its clients."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "tls.key")
    certificate.cert_chain_pems[0].write_to_path(folder / "tls.crt")
    authority.cert_pem.write_to_path(folder / "ca.crt")
    authority.issue_cert("other").private_key_pem.write_to_path(folder / "other.key")
    return folder


def tls(files: Path, **changes: Path) -> Tls:
    named = {"certificate_file": files / "tls.crt", "key_file": files / "tls.key"} | changes
    return Tls.model_validate(named)


def trusting(authority, client=None, newest=ssl.TLSVersion.TLSv1_3):
    context = ssl.create_default_context()
    context.maximum_version = newest
    authority.configure_trust(context)
    if client is not None:
        client.issue_cert("provider@example.com").configure_cert(context)
    return context


async def status_over(receiver, context):
    """Brings a report; tells the status, or that no connection came about."""
    try:
        async with receiver.connection(context) as client:
            return (await client.ask(request("GET", PATH))).status
    except (OSError, EOFError):  # with TLS 1.3 a client hears of its refusal when it reads
        return None


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_reports_come_by_tls(start_receiver, authority, files, newest):
    """In TLS 1.2 and 1.3, to whoever trusts the certificate; and in the clear to nobody."""
    receiver = await start_receiver(tls=tls(files))
    statuses = [
        await status_over(receiver, trusting(authority, newest=newest)),
        await status_over(receiver, trusting(trustme.CA(), newest=newest)),
        await status_over(receiver, None),
    ]

    assert [200, None, None] == statuses


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_older_tls_is_refused(start_receiver, authority, files):
    """TLS 1.1 is not spoken, even by a client that still would."""
    receiver = await start_receiver(tls=tls(files))
    context = trusting(authority)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")

    assert None is await status_over(receiver, context)
    assert 0 == receiver.ledger.looked_up


async def test_a_client_authority_lets_only_its_own_in(start_receiver, authority, files):
    """With `client_ca_file`, a client without a certificate, or with another authority's, brings nothing."""
    receiver = await start_receiver(tls=tls(files, client_ca_file=files / "ca.crt"))
    statuses = [
        await status_over(receiver, trusting(authority, client=authority)),
        await status_over(receiver, trusting(authority)),
        await status_over(receiver, trusting(authority, client=trustme.CA())),
    ]

    assert [200, None, None] == statuses


async def test_a_stop_ends_connections_with_tls(start_receiver, authority, files):
    """Whoever is connected and idle holds nobody up."""
    receiver = await start_receiver(tls=tls(files))
    async with receiver.connection(trusting(authority)) as client:
        await client.ask(request("GET", PATH))
        await receiver.receiver.stop()

        assert b"" == await client.end()


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        pytest.param(
            {"certificate_file": "gone.crt"},
            "receiver.tls.certificate_file: cannot be read: No such file or directory",
            id="no certificate",
        ),
        pytest.param(
            {"key_file": "gone.key"}, "receiver.tls.key_file: cannot be read: No such file or directory", id="no key"
        ),
        pytest.param(
            {"key_file": "other.key"},
            "receiver.tls.key_file: must be the PEM key of the PEM certificate in certificate_file, with no password",
            id="another's key",
        ),
        pytest.param(
            {"client_ca_file": "gone.crt"},
            "receiver.tls.client_ca_file: cannot be read: No such file or directory",
            id="no authority",
        ),
        pytest.param(
            {"client_ca_file": "tls.key"},
            "receiver.tls.client_ca_file: must hold certificates as PEM",
            id="an authority that is none",
        ),
    ],
)
async def test_a_file_that_changed_stops_the_start(start_receiver, files, changes, mistake):
    """What is wrong since the settings were read is named by its setting; nothing listens."""
    broken = tls(files, **{name: files / file for name, file in changes.items()})
    with pytest.raises(InvalidSettingsError) as caught:
        await start_receiver(tls=broken)

    assert [mistake] == caught.value.mistakes


@contextmanager
def no_files_left() -> Iterator[None]:
    """The process may open none until the end of the block; those that are open stay."""
    os.close(lowest := os.dup(0))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_process_that_had_no_files_left_accepts_again(start_receiver, authority, files):
    """Whoever came meanwhile waits in the system's backlog, and so does who comes after him."""
    receiver = await start_receiver(tls=tls(files))
    context = trusting(authority)
    with socket.create_connection(("127.0.0.1", int(receiver.address.rpartition(":")[2]))) as came:
        with no_files_left():
            await asyncio.sleep(0.5)
            with pytest.raises(OSError, match="Too many open files"):
                os.dup(0)
        status = await status_over(receiver, context)
        came.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody has hung up on him
            came.recv(1)

    assert 200 == status


async def test_who_says_nothing_keeps_nobody_out(start_receiver, authority, files, monkeypatch):
    """Handshakes that do not go on are so many at most, and the oldest makes room: files are left for the calls."""
    monkeypatch.setattr(handshakes, "AT_LEAST", 0.05)
    receiver = await start_receiver(tls=tls(files), limits=Limits(handshakes=3, handshake=20.0))
    async with AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(receiver.connection()) for _ in range(10)]
        status = await status_over(receiver, trusting(authority))
        for client in silent[:7]:
            assert b"" == await client.end()

        assert 200 == status
        assert len(receiver.receiver._server._begun) <= 3


async def test_a_handshake_that_is_slow_is_waited_for(start_receiver, authority, files):
    """Whoever comes meanwhile waits, as long as it is not too slow."""
    receiver = await start_receiver(tls=tls(files), limits=Limits(handshakes=1))
    async with receiver.connection():
        assert 200 == await status_over(receiver, trusting(authority))


async def test_a_stop_ends_handshakes(start_receiver, files):
    """Nobody is waited for who has not come in."""
    receiver = await start_receiver(tls=tls(files))
    async with receiver.connection() as silent:
        await until(lambda: receiver.receiver._server._begun)
        await receiver.receiver.stop()

        assert b"" == await silent.end()
