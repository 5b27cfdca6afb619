"""How much of anything the receiver takes: it faces the internet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What strangers may cost. Sizes in bytes, times in seconds.

    Attributes:
        body: A request's body.
        chunks: Chunks of a body that comes in chunks: each takes longer than a thousand bytes.
        target: A request's path and query.
        headers: A request's headers, all together.
        fields: Lines of a request's headers.
        connections: Connections at once. One more takes the place of the one that has waited longest for its request;
            where all are being answered, it is turned away. Below the 1,024 files that a process may usually have open:
            the calls need some, too.
        at_once: Reports in the ledger at once; more are told to come again.
        spent: Reports at once from all sources that have sent too many wrong tokens. They are looked up one at a time.
        patience: How long a report waits for the ledger. The write goes on behind it.
        sending: How long a request may take to arrive, from its first byte, or the connection's beginning, to its last.
        linger: How long a connection is kept after its last answer where more may come. What
            comes is thrown away.
        thrown_away: Bytes of that, at the most.
        idle: How long a connection is kept for a next request.
        handshakes: TLS handshakes at once, which are no connections yet. One more takes the place of the oldest, once
            that has had a second.
        handshake: How long a TLS handshake may take.
        goodbye: How long a stop waits for the answers in flight.
    """

    body: int = 64 * 1024
    chunks: int = 256
    target: int = 16 * 1024
    headers: int = 16 * 1024
    fields: int = 100
    connections: int = 600
    at_once: int = 500
    spent: int = 100
    patience: float = 10.0
    sending: float = 10.0
    linger: float = 2.0
    thrown_away: int = 1024 * 1024
    idle: int = 60
    handshakes: int = 150
    handshake: float = 5.0
    goodbye: float = 3.0
