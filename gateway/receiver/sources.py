"""Who sent a request: the address that a limit holds for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

_HOPS: Final = 20


class Sources:
    """Tells sources apart, also behind proxies.

    Anybody can send an `X-Forwarded-For`, and so choose whom a limit hits. What a proxy of ours adds is true, and it
    adds at the end: read from there, the first address that is no trusted proxy is the source.
    """

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self._trusted = [ip_network(network) for network in trusted_proxies]

    def source_of(self, peer: str, forwarded_for: Sequence[bytes]) -> str:
        """Names the source of a request; an IPv6 one by its /64, of which every customer has a whole.

        Args:
            peer: The address at the other end of the connection.
            forwarded_for: The values of its `X-Forwarded-For` headers, in order.
        """
        address = _address(peer)
        if self._trusted and address is not None:
            for hop in reversed(b",".join(forwarded_for).split(b",")[-_HOPS:]):
                before = _address(hop.decode("latin-1")) if self._trusts(address) else None
                if before is None:
                    break
                address = before
        return peer if address is None else _name(address)

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Reads an address, as it may stand there: with a port, and IPv6 in brackets."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _name(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)
