"""Starts a rendered pod's container as a process: its volumes as folders, its environment, its command line."""

import asyncio
import base64
import os
import re
import shlex
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from chart import Rendered
from free_ports import free_port
from go_programs import ROOT
from served_process import ServedProcess
from serving import serving

Secrets = Mapping[str, Mapping[str, bytes]]
"""What the cluster's own Secrets and ConfigMaps hold: by name, then by key."""

LISTENS = re.compile(r"(?:0\.0\.0\.0|\[::\]):([0-9]+)")


@dataclass(frozen=True)
class Node:
    """A machine that runs one pod, and sees no file but its own.

    Attributes:
        rendered: The objects in the cluster.
        root: Stands for the root of the containers' file system.
        secrets: What is in the cluster beside the release.
        port: Stands for the container's port for calls.
        reports_port: Stands for its port for reports.
    """

    rendered: Rendered
    root: Path
    secrets: Secrets = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    reports_port: int = field(default_factory=free_port)

    def lay_out(self, spec: Mapping[str, Any]) -> None:
        """Makes the pod's volumes, each where its containers mount it; a missing Secret or key is a KeyError."""
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            for mount in container["volumeMounts"]:
                assert "subPath" not in mount
                folder = self.place(mount["mountPath"])
                folder.mkdir(parents=True, exist_ok=True)
                if files := self._files(volumes[mount["name"]]):
                    publish(folder, files)

    def place(self, path: str) -> Path:
        """Where a path of the container is on this machine."""
        return self.root / path.lstrip("/")

    def environment(self, container: Mapping[str, Any]) -> dict[str, str]:
        """The image's environment, and the pod's over it."""
        environment = image_environment()
        for variable in container.get("env", ()):
            source = variable.get("valueFrom", {}).get("secretKeyRef")
            value = self._content(source["name"])[source["key"]].decode() if source else variable["value"]
            environment[variable["name"]] = value
        return {name: self._here(value) for name, value in environment.items()} | {"PATH": os.environ["PATH"]}

    def command(self, container: Mapping[str, Any]) -> list[str]:
        """The command line; the image's entry point stands before arguments alone."""
        words = container.get("command", ["kaleyra-gateway"]) + container.get("args", [])
        assert words[0] == "kaleyra-gateway"
        return [str(Path(sys.executable).with_name(words[0])), *map(self._here, words[1:])]

    async def run(self, container: Mapping[str, Any]) -> tuple[int, str]:
        """Runs a container, or what a probe of it executes, to its end: its exit status and what it printed."""
        process = await asyncio.create_subprocess_exec(
            *self.command(container),
            env=self.environment(container),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, output.decode()

    def serving(
        self, container: Mapping[str, Any], credentials: grpc.ChannelCredentials | None = None
    ) -> AbstractAsyncContextManager[ServedProcess]:
        """Starts a container and waits until it serves; a channel to it is open until the end of the block."""
        return serving(self.command(container), credentials, env=self.environment(container))

    def _files(self, volume: Mapping[str, Any]) -> dict[str, bytes]:
        """What a volume holds, as the kubelet would put it there."""
        if "projected" in volume:
            sources = [source["secret"] for source in volume["projected"]["sources"]]
        elif "secret" in volume:
            sources = [volume["secret"] | {"name": volume["secret"]["secretName"]}]
        elif "configMap" in volume:
            sources = [volume["configMap"]]
        else:
            assert {"emptyDir", "persistentVolumeClaim"} & volume.keys()
            sources = []
        files: dict[str, bytes] = {}
        for source in sources:
            content = self._content(source["name"])
            items = source.get("items", [{"key": key, "path": key} for key in content])
            files |= {item["path"]: content[item["key"]] for item in items}
        return files

    def _content(self, name: str) -> Mapping[str, bytes]:
        """What a Secret or a ConfigMap holds: the release's own, or the cluster's."""
        for each in self.rendered.of("Secret"):
            if each["metadata"]["name"] == name:
                return {key: base64.b64decode(value) for key, value in each["data"].items()}
        for each in self.rendered.of("ConfigMap"):
            if each["metadata"]["name"] == name:
                return {key: self._here(value).encode() for key, value in each["data"].items()}
        return self.secrets[name]

    def _here(self, text: str) -> str:
        """Writes the container's paths as this machine's, and listens on loopback."""
        text = LISTENS.sub(self._loopback, text)
        return re.sub(r"/(?:etc|var/lib)/[a-z]", lambda match: f"{self.root}{match[0]}", text)

    def _loopback(self, listen: re.Match[str]) -> str:
        names = {str(port["containerPort"]): port["name"] for port in self.rendered.gateway["ports"]}
        return f"127.0.0.1:{self.reports_port if names.get(listen[1]) == 'reports' else self.port}"


def image_environment() -> dict[str, str]:
    """The variables that the image sets."""
    pairs = [pair for words in _instructions("ENV") for pair in shlex.split(words)]
    return dict(pair.split("=", 1) for pair in pairs)


def image_says(instruction: str) -> str:
    """What an instruction of the image's last stage says."""
    [words] = _instructions(instruction)
    return words


def _instructions(name: str) -> list[str]:
    last_stage = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2].replace("\\\n", " ")
    return [line.removeprefix(f"{name} ") for line in last_stage.splitlines() if line.startswith(f"{name} ")]


def publish(folder: Path, files: Mapping[str, bytes]) -> None:
    """Puts a volume's files in place as the kubelet does: all at once, by a link to a folder that is exchanged."""
    fresh = folder / f"..{time.monotonic_ns()}"
    fresh.mkdir()
    for name, content in files.items():
        (fresh / name).write_bytes(content)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    link = folder / "..data_tmp"
    link.symlink_to(fresh.name)
    link.replace(folder / "..data")
