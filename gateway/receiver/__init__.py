"""Takes the provider's reports over HTTP: bounded in all that strangers can send, and durable before it answers."""

from gateway.receiver.limits import Limits
from gateway.receiver.receiver import Receiver

__all__ = ["Limits", "Receiver"]
