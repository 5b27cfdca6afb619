"""Prints the SBOM of the image: that of its Python packages, with its Debian packages added.

Usage: image_sbom.py PYTHON_SBOM STATUS_FOLDER DEBIAN_VERSION, in an environment that has cyclonedx-bom.
"""

import json
import sys
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from packageurl import PackageURL

APPLICATION = "kaleyra-gateway"


def main(python: Path, status: Path, release: str) -> None:
    document = json.loads(python.read_text())
    components = document["components"]
    [application] = [each for each in components if each["name"] == APPLICATION]
    document["metadata"]["component"] = application | {"type": "application"}
    libraries = [each for each in components if each["name"] != APPLICATION]
    debian = [debian_package(file, release) for file in sorted(status.iterdir())]
    document["components"] = libraries + debian
    print(json.dumps(document, indent=2))


def debian_package(file: Path, release: str) -> dict[str, Any]:
    """Describes a package by its control file."""
    control = HeaderParser().parsestr(file.read_text())
    name, version = control["Package"], control["Version"]
    qualifiers = {"arch": control["Architecture"], "distro": f"debian-{release}"}
    purl = PackageURL("deb", "debian", name, version, qualifiers).to_string()
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
