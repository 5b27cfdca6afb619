"""What a provider reports of calls: the URLs that it was given, with their variables put in, as our sandbox does it."""

import json
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

from contestants import PUBLIC_URL

from gateway.kaleyra.report_urls import EVENTS, ReportAddress
from gateway.sandbox.placeholders import Placeholder, substitute
from gateway.settings import Receiver
from voicegateway.v1.outbound_call_pb2 import Callbacks

_ALWAYS: Final = {"callee": "+13236550107", "bridge": "+13236550100", "call_type": "outbound"}
_ANSWERED: Final = _ALWAYS | {"ringtime": "7"}
_ENDED: Final = _ANSWERED | {"status": "ANSWER", "billsec": "23", "keypress": "1"}

TOLD: Final = (_ALWAYS, _ANSWERED, _ENDED, _ENDED | {"credits": "0.013"})
"""What is known when a call rings, is answered, and ends, and when it is summed up: each tells something new."""


def from_forms(forms: Iterable[str]) -> list[Sequence[str]]:
    """The URLs that the gateway asks to be called back at, for each call that was posted."""
    return [_urls(dict(parse_qsl(form))) for form in forms]


def made_up(calls: int) -> list[Sequence[str]]:
    """As many URLs as the gateway would ask for, for a receiver that knows no token."""
    address = ReportAddress.of(Receiver(listen="127.0.0.1:1", public_url=PUBLIC_URL))
    nothing = Callbacks()
    every = [address.with_token(secrets.token_hex(16)) for _ in range(calls)]
    return [[*map(urls.of_events(nothing).__getitem__, EVENTS), urls.dlr] for urls in every]


def write(calls: Sequence[Sequence[str]], file: Path) -> None:
    """Writes what is reported of each call for the generator; the provider's ids tell the calls apart."""
    stories = [{"id": f"out-{number:08}", "targets": _targets(urls, number)} for number, urls in enumerate(calls)]
    file.write_text(json.dumps(stories))


def _urls(form: dict[str, str]) -> Sequence[str]:
    callback = json.loads(form["callback"])
    return [*(callback[event]["url"][-1] for event in EVENTS), form["dlrurl"]]


def _targets(urls: Sequence[str], number: int) -> list[str]:
    return [
        substitute(url, values | {"id": f"out-{number:08}"}, [Placeholder.DOUBLE]).removeprefix(PUBLIC_URL)
        for url, values in zip(urls, TOLD, strict=True)
    ]
