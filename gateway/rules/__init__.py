"""Which rules a request breaks, all at once, each with the way out and never with a value.

The rules are the protos' own, applied by protovalidate in the Python client's package (`voicegateway_client.rules`), so
that callers can apply the same ones before they send. What is added here depends on the clock (`timestamp.window`) or
on a JSON parser (`string.json`).
"""

from gateway.rules.rules import SCHEDULE_WINDOW, Rules

__all__ = ["SCHEDULE_WINDOW", "Rules"]
