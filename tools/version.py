"""Writes the version of `gateway/__init__.py`, the one place where it is given, wherever else it must stand.

With --check it changes nothing and fails when a place tells another version.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
NUMBER = r"\d+\.\d+\.\d+"
SOURCE = "gateway/__init__.py"
ARTIFACT = "<artifactId>voicegateway-client</artifactId>\n"
GO_MODULES = rf"(?<=voicegateway/clients/go v){NUMBER}|(?<=voicegateway/generated/go v){NUMBER}"
PLACES = {
    "Dockerfile": rf"(?<=^ARG VERSION=){NUMBER}$",
    "clients/go/README.md": rf"(?<=/go/v){NUMBER}",
    "clients/go/go.mod": GO_MODULES,
    "clients/go/voicegateway/version.go": rf'(?<=const Version = "){NUMBER}(?=")',
    "clients/java/README.md": rf"(?<={ARTIFACT}      <version>){NUMBER}(?=</version>)",
    "clients/java/pom.xml": rf"(?<={ARTIFACT}  <version>){NUMBER}(?=</version>)",
    "deploy/helm/kaleyra-gateway/Chart.yaml": rf'(?<=^version: ){NUMBER}$|(?<=^appVersion: "){NUMBER}(?="$)',
    "docs/container.md": rf"(?<=kaleyra-gateway:){NUMBER}",
    "docs/kubernetes.md": rf"(?<=kaleyra-gateway:){NUMBER}",
    "examples/go/go.mod": GO_MODULES,
    "examples/java/pom.xml": rf"(?<={ARTIFACT}      <version>){NUMBER}(?=</version>)",
    "tests/clients/go/go.mod": GO_MODULES,
    "tests/clients/java/pom.xml": rf"(?<={ARTIFACT}      <version>){NUMBER}(?=</version>)",
}
"""How the version is written in each file; the Python client's wheel reads the source itself."""


def version() -> str:
    return re.search(rf'__version__ = "({NUMBER})"', (ROOT / SOURCE).read_text())[1]


def main() -> None:
    wanted, wrong = version(), []
    for name, pattern in PLACES.items():
        file = ROOT / name
        text = file.read_text()
        written, count = re.subn(pattern, wanted, text, flags=re.MULTILINE)
        if not count:
            sys.exit(f"tools/version.py: no version found in {name}")
        if written != text:
            wrong.append(name)
            if "--check" not in sys.argv[1:]:
                file.write_text(written)
    if wrong and "--check" in sys.argv[1:]:
        sys.exit(f"not {wanted}, the version in {SOURCE}: {', '.join(wrong)}; run `make version`")


if __name__ == "__main__":
    main()
