"""Whether the provider can be reached: its name resolves and TLS completes. Nothing is sent, nobody is dialed."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from gateway.settings import Settings


async def check_online(settings: Settings) -> AsyncIterator[tuple[str, str]]:
    """Connects to each account's provider as a call would, and hangs up.

    Yields:
        The account's name, and what is wrong; empty when it is reachable.
    """
    for name, account in settings.accounts.items():
        try:
            async with asyncio.timeout(2 * settings.provider.connect_timeout):
                await _connect(account.base_url, settings)
        except TimeoutError:
            yield name, "no connection in time"
        except ssl.SSLCertVerificationError as error:
            yield name, f"its certificate is not trusted: {error.verify_message}"
        except ssl.SSLError as error:
            yield name, f"TLS failed: {error.reason}"
        except OSError as error:
            yield name, error.strerror or "its name does not resolve"
        else:
            yield name, ""


async def _connect(url: str, settings: Settings) -> None:
    parts = urlsplit(url)
    tls = ssl.create_default_context(cafile=settings.provider.ca_file) if parts.scheme == "https" else None
    port = parts.port or (443 if tls else 80)
    _, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls)
    writer.close()
    await writer.wait_closed()
