"""What tests of the deployment files may ask for."""

from pathlib import Path

import pytest
from chart import Helm
from go_programs import helm as built_helm
from trustme import CA


@pytest.fixture(scope="session")
def helm() -> Helm:
    """Helm, built from its pinned source."""
    return Helm(built_helm())


@pytest.fixture(scope="session")
def authority() -> CA:
    """Signs the certificates of servers and callers."""
    return CA()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Stands for the root of a container's file system."""
    return tmp_path / "root"
