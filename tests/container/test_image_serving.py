"""The gateway in its image: read-only, as nobody, with a ledger on a volume or on a server."""

import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from container_engine import Container, podman, run, running, volume, volume_with_a_ledger
from free_ports import free_port
from gateway_under_test import place_call_request

from voicegateway.v1.outbound_call_pb2 import DISPATCH_ACCEPTED
from voicegateway.v1.outbound_call_service_pb2 import GetCallRequest, PlaceCallResponse
from voicegateway.v1.outbound_call_service_pb2_grpc import OutboundCallServiceStub

SILENCE = "+13236550150"
SLOWLY = "+13236550151"
"""Numbers that the sandbox answers never, and after 3 seconds."""


@pytest.fixture(name="volume")
def _volume() -> Iterator[str]:
    """The option that mounts an empty volume."""
    with volume() as mounted:
        yield mounted


def account(url: str) -> tuple[str, ...]:
    """Options that say whom it calls through, and that any free port will do."""
    words = {"KALEYRA_BASE_URL": url, "KALEYRA_SID": "HXXXXXXX071US", "KALEYRA_API_KEY": "sandbox-key"}
    return tuple(f"--env={name}={value}" for name, value in (words | {"GATEWAY_LISTEN": "127.0.0.1:0"}).items())


@pytest.fixture
def served(image, sandbox):
    """Starts a gateway, each time on the same ledger; gives it and its address."""
    with volume_with_a_ledger(image) as mounted:

        @contextmanager
        def serve(*options: str) -> Iterator[tuple[Container, str]]:
            with running(image, options=(*account(sandbox), mounted, *options)) as container:
                yield container, container.line("serving")["address"]

        yield serve


def place(address: str, request_id: str, number: str = "+13236550107", timeout: float = 60) -> PlaceCallResponse:
    request = place_call_request({"recipients": [{"number": number}], "ivr": {"flowId": "SG_1"}}, requestId=request_id)
    with grpc.insecure_channel(address) as channel:
        return OutboundCallServiceStub(channel).PlaceCall(request, timeout=timeout)


@contextmanager
def calling(address: str, number: str) -> Iterator[Any]:
    """A call that is on its way to the provider, as the block begins."""
    request = place_call_request({"recipients": [{"number": number}], "ivr": {"flowId": "SG_1"}})
    with grpc.insecure_channel(address) as channel:
        stub = OutboundCallServiceStub(channel)
        call: Any = stub.PlaceCall.future(request, timeout=300)
        while not _is_recorded(stub, request.request_id):
            assert not call.done()
        yield call


def _is_recorded(stub: OutboundCallServiceStub, request_id: str) -> bool:
    try:
        stub.GetCall(GetCallRequest(request_id=request_id), timeout=60)
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.NOT_FOUND:
            raise
        return False
    return True


def health(container: Container, *options: str) -> int:
    return podman("exec", container.name, "kaleyra-gateway", "health", *options, check=False).returncode


# Serving


def test_it_serves_from_a_read_only_file_system_without_any_right(served):
    """Nothing but the ledger's folder is written to, and no capability is needed: that is how every test runs it."""
    with served() as (container, address):
        placed = place(address, "reminder-0001")
        [state] = json.loads(podman("container", "inspect", container.name).stdout)

    assert DISPATCH_ACCEPTED == placed.call.dispatch
    assert state["HostConfig"]["ReadonlyRootfs"]
    assert [] == state["EffectiveCaps"] or state["EffectiveCaps"] is None
    assert ["/var/lib/kaleyra"] == [mount["Destination"] for mount in state["Mounts"]]


def test_the_gateway_is_the_first_process_and_nobody_in_particular(served):
    """No init and no shell stands between it and its signals."""
    with served() as (container, _):
        [first] = podman("top", container.name, "pid", "huser", "args").stdout.splitlines()[1:]

    assert ["1", "65532"] == first.split()[:2]
    assert first.strip().endswith("/bin/kaleyra-gateway serve")


def test_a_ledger_on_a_volume_outlives_its_containers(served):
    """The next container remembers what the one before it did."""
    with served() as (_, address):
        before = place(address, "reminder-0001")
    with served() as (_, address):
        after = place(address, "reminder-0001")

    assert (False, True, before.call.call_id) == (before.replayed, after.replayed, after.call.call_id)


def test_a_ledger_on_a_server_needs_no_volume(image, sandbox, database):
    """With PostgreSQL nothing in the container is written at all."""
    ledger = f"--env=GATEWAY_LEDGER_URL={database}"
    made = run(image, "ledger", "create", options=(ledger,), network="host")
    with running(image, options=(*account(sandbox), ledger)) as container:
        placed = place(container.line("serving")["address"], "reminder-0001")

    assert (0, DISPATCH_ACCEPTED) == (made.returncode, placed.call.dispatch)


def test_settings_and_keys_come_from_files(image, sandbox, volume, tmp_path):
    """A mounted settings file is found by every command of the container, and its paths begin beside it."""
    (tmp_path / "kaleyra.key").write_text("sandbox-key")
    (tmp_path / "gateway.toml").write_text(f"""
        [ledger]
        url = "sqlite:////var/lib/kaleyra/calls.db"
        [accounts.default]
        base_url = "{sandbox}"
        sid = "HXXXXXXX071US"
        api_key_file = "kaleyra.key"
    """)
    _readable(tmp_path)
    options = (volume, f"--volume={tmp_path}:/etc/kaleyra:ro", "--env=GATEWAY_CONFIG=/etc/kaleyra/gateway.toml")
    made = run(image, "ledger", "create", options=options)
    with running(image, options=(*options, "--env=GATEWAY_LISTEN=127.0.0.1:0")) as container:
        served = container.line("serving")
        placed = place(served["address"], "reminder-0001")

    assert (0, "/var/lib/kaleyra/calls.db") == (made.returncode, served["ledger"])
    assert DISPATCH_ACCEPTED == placed.call.dispatch


def _readable(folder: Path) -> None:
    """For everybody: pytest's own folders are for nobody else."""
    for each in (folder, folder.parent, folder.parent.parent):
        each.chmod(0o755)


# Not serving


def test_wrong_settings_stop_it_with_every_mistake(image):
    """An orchestrator sees status 2, and its log says what to mend."""
    outcome = run(image, options=("--env=GATEWAY_LISTEN=50051", "--env=KALEYRA_SID=HXXXXXXX071US"))

    assert 2 == outcome.returncode
    assert outcome.stderr.startswith("kaleyra-gateway: 3 mistakes in the settings:\n")
    assert "listen: must be HOST:PORT" in outcome.stderr
    assert "KALEYRA_BASE_URL" in outcome.stderr


@pytest.mark.parametrize("mounted", [True, False])
def test_a_missing_ledger_stops_it_with_the_way_out(image, volume, mounted):
    """A forgotten or an empty volume is not a fresh start: that would forget whom it has called."""
    options = (*account("http://127.0.0.1:1"), *([volume] if mounted else []))
    outcome = run(image, options=options)

    assert 3 == outcome.returncode
    assert "/var/lib/kaleyra/ledger.db is not there: an empty ledger would forget every promise." in outcome.stderr
    assert "`kaleyra-gateway ledger create`" in outcome.stderr


def test_the_first_ledger_may_be_made_twice(image, volume):
    """A job that an orchestrator runs again changes nothing."""
    outcomes = [run(image, "ledger", "create", options=(volume,)) for _ in range(2)]

    assert [0, 0] == [outcome.returncode for outcome in outcomes]
    assert ["A new ledger was made.", "There is a ledger already"] == [
        next(words for words in ("A new ledger was made.", "There is a ledger already") if words in outcome.stdout)
        for outcome in outcomes
    ]


# Health


def test_its_own_health_check_tells_ready_from_not_ready(served, tmp_path):
    """What the engine runs by itself needs no option: it finds the settings that are in force."""
    file = tmp_path / "gateway.toml"
    file.write_text("""
        drain_grace = 300.0  # an engine takes seconds for each check
        provider.reply_timeout = 240.0
        ledger.url = "sqlite:////var/lib/kaleyra/ledger.db"
    """)
    _readable(tmp_path)
    found = (f"--volume={file}:/etc/kaleyra/gateway.toml:ro", "--env=GATEWAY_CONFIG=/etc/kaleyra/gateway.toml")
    with served(f"--env=GATEWAY_LISTEN=127.0.0.1:{free_port()}", *found) as (container, address):
        healthy = _engines_check(container)
        with calling(address, SILENCE):
            container.kill()
            container.line("draining")
            draining = _engines_check(container), health(container)
            alive = health(container, "--service", "")
            container.kill()

    assert 0 == healthy
    assert (1, 1) == draining
    assert 0 == alive


def _engines_check(container: Container) -> int:
    return podman("healthcheck", "run", container.name, check=False).returncode


# Signals


def test_the_engines_stop_drains(served):
    """SIGTERM reaches it: the running call gets its answer, and the status is 0."""
    with served() as (container, address), calling(address, SLOWLY) as call:
        container.kill()
        container.line("draining")
        answer = call.result()
        status = container.exit_status()

    assert (0, DISPATCH_ACCEPTED) == (status, answer.call.dispatch)


def test_a_second_signal_cuts(served):
    """Whoever cannot wait gets an end at once, and status 1; the caller is told that nobody knows."""
    with served() as (container, address), calling(address, SILENCE) as call:
        container.kill()
        container.line("draining")
        container.kill(signal.SIGINT)
        status = container.exit_status()

    assert 1 == status
    assert grpc.StatusCode.UNKNOWN == call.code()


def test_a_stop_before_it_serves_is_not_lost(image):
    """The kernel ignores a signal to the first process that nobody has asked for; this one is asked for at once."""
    with running(image, "call", "--file", "-", options=("--interactive",)) as container:
        until_it_listens_to_signals(container)
        container.kill()
        status = container.exit_status()

    assert 143 == status


def until_it_listens_to_signals(container: Container) -> None:
    """Waits until the kernel knows that SIGTERM is asked for."""
    deadline = time.monotonic() + 60
    while not _asked_for(container) & 1 << signal.SIGTERM - 1:
        assert time.monotonic() < deadline, "nobody asks for SIGTERM"


def _asked_for(container: Container) -> int:
    """The signals that the first process handles, a bit each; none while there is no process."""
    found = podman("container", "inspect", "--format", "{{.State.Pid}}", container.name, check=False).stdout.strip()
    status = Path(f"/proc/{found or 0}/status")
    caught = re.search(r"SigCgt:\s*(\w+)", status.read_text()) if found != "0" and status.exists() else None
    return int(caught[1], 16) if caught else 0
