"""One broken rule."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule. It never holds the value that breaks it.

    Attributes:
        field: The field's path in the proto's names, such as `call.recipients[3].number`; a rule of a whole message
            is at that message's path. Empty for the request as a whole.
        reason: The rule's id in UPPER_SNAKE, such as `STRING_PATTERN`; for a policy of the gateway its name, such as
            `only_numbers`.
        description: What is wrong, for people.
    """

    field: str
    reason: str
    description: str
