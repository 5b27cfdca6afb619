"""A strict stand-in for the provider's Outbound Calling API, for the tests of any caller.

It is made from the provider's page alone and shares no code with the gateway, which is tested against it.
"""

from gateway.sandbox.app import DEFAULT_BRIDGE, DEFAULT_KEY, DEFAULT_SID, Account, Sandbox
from gateway.sandbox.attempt import Attempt, Report, State
from gateway.sandbox.placeholders import Placeholder
from gateway.sandbox.record import Record

__all__ = [
    "DEFAULT_BRIDGE",
    "DEFAULT_KEY",
    "DEFAULT_SID",
    "Account",
    "Attempt",
    "Placeholder",
    "Record",
    "Report",
    "Sandbox",
    "State",
]
