"""How often an unanswered call is placed again: the three forms of `retry`.

[page] `2`, `{"count": 2}`, or `[{"count": 2, "status": ["congestion", "chanunavail"]}, ...]`. An empty list of
statuses is in the page's own sample; what it means is unknown, so it is only taken down.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from gateway.sandbox.refusal import FieldError
from gateway.sandbox.strict_json import as_integer, as_list, as_object, load

STATUSES: Final = frozenset({"congestion", "chanunavail", "noanswer", "busy", "answer"})

_COUNT: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class RetryCount:
    """So many retries, after any end but an answer; sent as `2` or as `{"count": 2}`."""

    count: int


@dataclass(frozen=True, slots=True)
class RetryRule:
    """So many retries after one of these ends."""

    count: int
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RetryRules:
    """Rules in the order sent."""

    rules: tuple[RetryRule, ...]


Retry: TypeAlias = RetryCount | RetryRules


def read_retry(text: str) -> Retry:
    """Returns what `retry` asks for; raises FieldError."""
    if _COUNT.fullmatch(text):
        return RetryCount(int(text))
    match load(text):
        case dict(document):
            return RetryCount(_only_count(document))
        case [_, *_] as rules:
            return RetryRules(tuple(_rule(each) for each in rules))
    raise FieldError('has to be an integer, {"count": n} or an array of {"count": n, "status": [...]}')


def _only_count(document: dict[str, object]) -> int:
    if document.keys() != {"count"}:
        raise FieldError("has an object with other keys than count")
    return as_integer(document["count"], "a count", least=0)


def _rule(value: object) -> RetryRule:
    rule = as_object(value, "a rule")
    if rule.keys() != {"count", "status"}:
        raise FieldError("has a rule with other keys than count and status")
    return RetryRule(as_integer(rule["count"], "a count", least=1), _statuses(rule["status"]))


def _statuses(value: object) -> tuple[str, ...]:
    statuses: list[str] = []
    for each in as_list(value, "a status"):
        if not isinstance(each, str) or each not in STATUSES:
            raise FieldError(f"has a status that is none of {', '.join(sorted(STATUSES))}")
        if each in statuses:
            raise FieldError(f"has the status {each} twice in one rule")
        statuses.append(each)
    return tuple(statuses)
