"""What the edge knows about one request, beside the request itself."""

from dataclasses import dataclass, field
from typing import Any

from gateway.errors import Violation


@dataclass(slots=True)
class Inbound:
    """One request as it came in, for the method that answers it.

    Attributes:
        violations: Rules that the request breaks, for a method that judges them itself.
        facts: What the method adds to the one log line of this call; no numbers, no texts.
    """

    violations: list[Violation] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
