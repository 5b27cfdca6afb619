"""`check --online`: whether the provider can be reached, without placing anything."""

import asyncio
import ssl
import sys

import pytest
import trustme
from raw_provider import RawProvider

AUTHORITY = trustme.CA()


async def check(url: str, **more: str) -> tuple[int, str]:
    environment = {"KALEYRA_BASE_URL": url, "KALEYRA_SID": "H1", "KALEYRA_API_KEY": "key", "PATH": "/usr/bin"} | more
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "gateway", "check", "--online"],
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode().splitlines()[-1]


async def test_a_reachable_provider_is_said_to_be(provider):
    """It connects and hangs up: no request arrives."""
    assert (0, "accounts.default: reachable") == await check(provider.url)
    assert [] == provider.posts


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        pytest.param("http://127.0.0.1:1", "Connect call failed", id="nobody listens"),
        pytest.param("https://nobody.invalid", "", id="the name does not resolve"),
        pytest.param(f"https://{'.'.join(['a' * 63] * 5)}.invalid", "", id="no name is so long"),
    ],
)
async def test_an_unreachable_provider_is_told_with_its_account(url, problem):
    """The exit status is 1: the settings may be good all the same."""
    status, line = await check(url)

    assert 1 == status
    assert line.startswith("accounts.default: the provider cannot be reached: ")
    assert problem in line


async def test_an_untrusted_certificate_is_told():
    """TLS is completed as a call would, so that a certificate of nobody we trust is seen before the first call."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(tls)
    async with RawProvider.listening(tls) as provider:
        status, line = await check(provider.url)

    assert 1 == status
    assert "its certificate is not trusted" in line
