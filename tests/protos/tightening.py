"""Says what a change of the contract takes from callers: an element that is gone or another, a rule that is stricter.

Pure, over two surfaces (see surface.py). Careful rather than clever: a pattern or an expression that changed at all
counts as stricter, since nobody can tell.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from surface import Element, Rules, Surface

CEILINGS: Final = frozenset({"lt", "lte", "max_len", "max_bytes", "max_items", "max_pairs", "within"})
FLOORS: Final = frozenset({"gt", "gte", "min_len", "min_bytes", "min_items", "min_pairs"})
ALLOWS: Final = frozenset({"in"})  # an entry less is stricter
FORBIDS: Final = frozenset({"not_in", "cel_expression"})  # an entry more is stricter
EXCUSES: Final = frozenset({"ignore", "strict"})  # they switch other rules off: stricter when gone


def taken_from_callers(released: Surface, now: Surface) -> list[str]:
    """Lists, as `element: change`, what breaks a caller who was built on the released surface."""
    changed = ((name, change) for name in released for change in _changes(released[name], now.get(name)))
    demanded = ((name, demand) for name in now if name not in released for demand in _demands(name, released, now))
    return [f"{name}: {change}" for name, change in (*changed, *demanded)]


def _changes(released: Element, now: Element | None) -> Iterator[str]:
    if now is None:
        yield f"is gone; it was `{released['is']}`"
        return
    if now["is"] != released["is"]:
        yield f"is `{now['is']}`; it was `{released['is']}`"
    yield from _stricter(released.get("rules", {}), now.get("rules", {}))


def _demands(name: str, released: Surface, now: Surface) -> Iterator[str]:
    """Names what a new part of a released message asks of callers who have never heard of it."""
    if name.rpartition(".")[0] not in released:
        return
    if now[name].get("refused_when_unset"):
        yield "is new, and a message without it is refused"
    if now[name]["is"] == "oneof":
        yield from _stricter({}, now[name].get("rules", {}))


def _stricter(released: Rules, now: Rules) -> Iterator[str]:
    released_by_side = {_side(path): (path, rule) for path, rule in released.items()}
    for path, rule in now.items():
        was_path, was = released_by_side.get(_side(path), (path, None))
        if _is_stricter(path, rule, was_path, was):
            yield f"rule {path} is {rule!r}; " + ("there was none" if was is None else f"{was_path} was {was!r}")
    for path, rule in released.items():
        if path not in now and _name(path) in EXCUSES:
            yield f"rule {path} is gone; it was {rule!r}"


def _is_stricter(path: str, rule: Any, was_path: str, was: Any) -> bool:
    name = _name(path)
    if name in EXCUSES:
        return was not in {None, rule}
    if name in FORBIDS:
        return not set(rule) <= set(was or ())
    if name in CEILINGS and was is not None:
        return (rule, name != "lt") < (was, _name(was_path) != "lt")
    if name in FLOORS and was is not None:
        return (rule, name == "gt") > (was, _name(was_path) == "gt")
    if name in ALLOWS and was is not None:
        return not set(rule) >= set(was)
    return rule != was and (rule is not False or name == "const")


def _name(path: str) -> str:
    return path.rpartition(".")[2]


def _side(path: str) -> str:
    """Names the side of a range that a rule bounds: `int32.gt` takes the place of `int32.gte`."""
    return re.sub(r"\.(lt|gt)$", r".\1e", path)
