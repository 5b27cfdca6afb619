"""Stands in for the Dockerfile's base image: the same Debian release, made from Debian's archive by debootstrap."""

import re
import subprocess
import tempfile
from pathlib import Path

from container_engine import STORAGE, podman

CODENAME_BY_RELEASE = {"12": "bookworm", "13": "trixie"}


def make_base(name: str) -> None:
    """Makes the image of that name, unless it is there.

    Args:
        name: Such as `debian:13.8-slim`.
    """
    if podman("image", "exists", name, check=False).returncode == 0:
        return
    release = re.fullmatch(r"debian:(\d+)\.\d+-slim", name)
    assert release, f"{name} is no release of Debian that can be made here"
    with tempfile.TemporaryDirectory(dir=STORAGE) as folder:
        _bootstrap(CODENAME_BY_RELEASE[release[1]], Path(folder) / "root")
        with subprocess.Popen(["tar", "-C", f"{folder}/root", "-c", "."], stdout=subprocess.PIPE) as archive:
            podman("import", "--quiet", "-", name, stdin=archive.stdout)
        assert archive.returncode == 0


def _bootstrap(codename: str, root: Path) -> None:
    main, security = _archives()
    command = ["debootstrap", "--variant=minbase", codename, str(root), main]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout[-2000:] + made.stderr
    lines = [f"{main} {codename}", f"{main} {codename}-updates", f"{security} {codename}-security"]
    (root / "etc/apt/sources.list").write_text("".join(f"deb {line} main\n" for line in lines))
    for deb in root.glob("var/cache/apt/archives/*.deb"):
        deb.unlink()


def _archives() -> tuple[str, str]:
    """Where this machine's apt takes Debian from: its main archive, and that of fixes."""
    if not _archive("Debian"):
        subprocess.run(["apt-get", "update"], capture_output=True, check=True)  # its lists were thrown away
    return _archive("Debian")[0], _archive("Debian-Security")[0]


def _archive(label: str) -> list[str]:
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", f"Label: {label}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
