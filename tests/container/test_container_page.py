"""Every command of docs/container.md, typed from top to bottom as it stands there."""

import os
import re
import subprocess
from pathlib import Path

import container_engine
import pytest
import trustme
from container_engine import CAREFULLY, podman
from go_programs import ROOT

from gateway import __version__

PAGE = (ROOT / "docs" / "container.md").read_text()
NAMES = ("gateway", "sandbox", "sbom")
_SHIM = """#!/bin/bash
# docker, as far as the page needs it: podman, without a network but loopback, and with the image that is built already.
set -euo pipefail
podman=({podman})
case $1 in
  build) [[ "$*" == "build -t {image} ." ]] && exec "${{podman[@]}}" image exists {image} ;;
  run)
    options=(--read-only-tmpfs=false)
    [[ " $* " == *" --network "* ]] || options+=("--network=$NETWORK")
    words=() published=
    for word in "${{@:2}}"; do
      if [[ $word == -p ]]; then published=yes; elif [[ $published ]]; then published=; else words+=("$word"); fi
    done
    exec "${{podman[@]}}" run "${{options[@]}}" "${{words[@]}}" ;;
  *) exec "${{podman[@]}}" "$@" ;;
esac
exit 2
"""


class Terminal:
    """A folder to type in, with `docker` in the path."""

    def __init__(self, folder: Path, image: str) -> None:
        self._folder = folder
        program = folder / "bin" / "docker"
        program.parent.mkdir()
        words = " ".join(container_engine.podman_command())
        program.write_text(_SHIM.format(podman=words, image=image))
        program.chmod(0o755)

    def type(self, block: str, network: str = "none") -> str:
        """Types a block of commands, of which none may fail; gives what they printed."""
        environment = os.environ | container_engine.environment() | {"NETWORK": network}
        environment["PATH"] = f"{self._folder}/bin:{environment['PATH']}"
        command = ["bash", "-euo", "pipefail", "-c", block]
        outcome = subprocess.run(
            command, cwd=self._folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert outcome.returncode == 0, f"{block}\n{outcome.stdout}\n{outcome.stderr}"
        return outcome.stdout


@pytest.fixture
def terminal(image, tmp_path):
    _away()
    tmp_path.chmod(0o755)
    yield Terminal(tmp_path, image)
    _away()


def _away() -> None:
    podman("rm", "--force", "--time=0", "--ignore", *NAMES)
    podman("volume", "rm", "--force", "ledger", check=False)


def blocks(heading: str) -> list[str]:
    """The commands under a heading."""
    [section] = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def until_ready(terminal: Terminal) -> None:
    """Waits as a person does, who looks again, as long as it runs."""
    runs = "[[ $(docker inspect --format '{{.State.Running}}' gateway) == true ]]"
    terminal.type(
        f"until docker exec gateway kaleyra-gateway health; do {runs} || {{ docker logs gateway; exit 1; }}; done"
    )


def test_five_minutes_with_the_sandbox_end_with_a_call(terminal):
    """Who copies the page from the top has placed a call, and sees it at the sandbox; nothing is left over."""
    build, ledger, start, call, away = blocks("Five minutes with the sandbox")
    terminal.type(build)
    made = terminal.type(ledger)
    terminal.type(start)
    until_ready(terminal)
    told = terminal.type(call)
    terminal.type(away)

    assert "A new ledger was made" in made
    assert "ACCEPTED" in told
    assert "RBC3007" in told
    assert "" == podman("ps", "--all", "--quiet", "--filter", "name=^(gateway|sandbox)$").stdout


def test_an_operators_way_through_the_page(terminal, tmp_path, database):
    """Settings from files, a look over, health, a stop, an upgrade: each as written, one after the other."""
    _, serve = _settings(terminal, tmp_path)
    looked = terminal.type(serve[0])
    terminal.type(serve[1])
    until_ready(terminal)
    [create, beside] = blocks("The ledger")
    on_postgresql = terminal.type(
        create.replace("postgresql://gateway@db.example.com/ledger", database), network="host"
    )
    info = terminal.type(beside)
    [health] = blocks("Health")
    asked = terminal.type(health)
    [stop] = blocks("Stopping")
    stopped = terminal.type(stop)
    until_ready(terminal)
    [upgrade] = blocks("Upgrading")
    terminal.type(upgrade)
    until_ready(terminal)

    assert 'accounts.default.base_url = "https://api.kaleyra.io"    # /etc/kaleyra/gateway.toml' in looked
    assert "ledger.create = false    # GATEWAY_LEDGER_CREATE" in looked
    assert "A new ledger was made" in on_postgresql
    assert "Calls: 0" in info
    assert 2 == asked.count("SERVING")
    assert "0" in stopped.splitlines()
    assert (tmp_path / "before.db").stat().st_size > 0


def _settings(terminal: Terminal, folder: Path) -> tuple[str, list[str]]:
    """The folder that the page describes, with the rights that it asks for."""
    [toml] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (folder / "settings").mkdir()
    (folder / "settings" / "gateway.toml").write_text(toml)
    (folder / "settings" / "kaleyra.key").write_text("a-key")
    rights, *serve = blocks("Settings and keys")
    return terminal.type(rights), serve


def test_an_authority_of_ones_own_is_named(terminal, tmp_path):
    """The command is good as it stands; what it makes the gateway trust is another test's."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "authority.crt")
    [certificates] = blocks("Certificates")

    assert "The settings are good." in terminal.type(certificates)


def test_the_bill_of_materials_is_taken_out(terminal, tmp_path, root):
    """Without a shell in the image, as a file."""
    [sbom] = blocks("What is in it")
    terminal.type(sbom)

    inside = root / "usr/share/sbom/kaleyra-gateway.cdx.json"
    assert inside.read_bytes() == (tmp_path / inside.name).read_bytes()


def test_no_command_of_the_page_is_left_out():
    """The tests above type every block that there is."""
    typed = ["Five minutes with the sandbox", "Settings and keys", "The ledger", "Health", "Stopping", "Upgrading"]
    typed += ["Certificates", "What is in it"]

    assert re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) == [block for each in typed for block in blocks(each)]


def test_the_page_names_the_version_that_is_built():
    """Whoever copies a line gets the image that was built a line before."""
    assert {__version__} == set(re.findall(r"kaleyra-gateway:([0-9.]+)", PAGE))


def test_the_tests_run_the_image_as_the_page_does():
    """What is promised under these options is tested under them."""
    assert PAGE.count("--read-only --cap-drop ALL --security-opt no-new-privileges") == 3
    assert {"--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"} < set(CAREFULLY)
