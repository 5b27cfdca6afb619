"""What a person typed, in order: the parser groups equal options, and a playlist needs them as they came."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

import typer
from typer.core import TyperCommand

_ARGUMENTS: Final = "gateway.arguments"


class RememberingCommand(TyperCommand):
    """A command that keeps its arguments as they were typed."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Keeps a copy, and parses as usual."""
        ctx.meta[_ARGUMENTS] = list(args)
        return super().parse_args(ctx, args)


@dataclass(frozen=True, slots=True)
class Typed:
    """A command line, taken apart into (option, value); the value is None for a flag, and for what is no option."""

    options: Sequence[tuple[str, str | None]]

    def in_order(self, names: Collection[str]) -> list[tuple[str, str]]:
        """The values of some options, in the order in which they came."""
        return [(name, value) for name, value in self.options if name in names and value is not None]

    def names(self) -> AbstractSet[str]:
        """Which options were given."""
        return {name for name, _ in self.options}

    def not_utf8(self) -> str | None:
        """The first option whose value is not UTF-8, if any: no request can hold it."""
        for name, value in self.options:
            if not _is_utf8(name):
                return "an argument"
            if not _is_utf8(value or ""):
                return name
        return None

    def reads_standard_input(self) -> bool:
        """Whether the request itself was not typed, but read from standard input, once."""
        return [value for name, value in self.options if name == "--file"][-1:] == ["-"]

    def only(self, names: Collection[str]) -> list[str]:
        """Some options as they were typed."""
        chosen = ((name, value) for name, value in self.options if name in names)
        return [part for pair in chosen for part in pair if part is not None]

    def with_request_id(self, request_id: str) -> list[str]:
        """The command that sends the same request with the same id."""
        rest = [
            part for name, value in self.options if name != "--request-id" for part in (name, value) if part is not None
        ]
        return ["kaleyra-gateway", "call", *rest, "--request-id", request_id]


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def typed(context: typer.Context) -> Typed:
    """Takes the command line of a `RememberingCommand` apart; the parser has already found it well-formed."""
    takes_value = {
        name: not getattr(option, "is_flag", False) for option in context.command.params for name in option.opts
    }
    arguments = iter(context.meta[_ARGUMENTS])
    options: list[tuple[str, str | None]] = []
    for argument in arguments:
        name, equals, value = argument.partition("=")
        options.append((name, value if equals else next(arguments) if takes_value.get(name) else None))
    return Typed(options)
