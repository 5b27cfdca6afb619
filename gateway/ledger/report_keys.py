"""Which call's reports bear which token, remembered for a while: the reports of one call come close together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from gateway.ledger.record import Key

MOST: Final = 10_000
"""Tokens that are remembered, about 300 bytes each."""


class ReportKeys:
    """Looks tokens up, each once as long as it is remembered."""

    def __init__(self, find: Callable[[bytes], Awaitable[Key | None]]) -> None:
        """Builds it.

        Args:
            find: Looks a hashed token up in the store.
        """
        self._find = find
        self._keys: dict[bytes, Key] = {}

    async def of(self, token: bytes) -> Key | None:
        """Finds the key of a hashed token; None when it is none of ours.

        What was remembered may have been forgotten by the store meanwhile: then the record does not know the token.
        """
        key = self._keys.get(token)
        if key is None and (key := await self._find(token)) is not None:
            if len(self._keys) == MOST:
                del self._keys[next(iter(self._keys))]
            self._keys[token] = key
        return key
