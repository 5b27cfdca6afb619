"""Which rules a request breaks, all at once, each with the way out and never with a value.

The rules are the protos' own, applied by protovalidate, so that callers in Go and Java can apply the same ones before
they send. What is added here depends on the clock (`timestamp.window`), needs a JSON parser (`string.json`), is no
field of the protos (`message.unknown_field`), or guards the rule engine against times that no Duration or Timestamp can
hold (`value.range`) and against lists of a million items.
"""

from gateway.rules.rules import SCHEDULE_WINDOW, Rules
from gateway.rules.unknown_fields import unknown_fields

__all__ = ["SCHEDULE_WINDOW", "Rules", "unknown_fields"]
