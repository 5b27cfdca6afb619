"""Tells of what happens to an attempt: which URLs are fetched, in which order, and when.

[page] A `callback` has URLs for the start of the ringing, the answer and the end; `dlrurl` comes after the end. What
callback profiles do is in the provider's own system: they are only taken down.
"""

from collections.abc import Callable, Collection
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from gateway.sandbox.agenda import Agenda
from gateway.sandbox.attempt import Attempt, Report
from gateway.sandbox.behaviour import ANSWER, LATE_REPORT_SECONDS, Reporting
from gateway.sandbox.courier import Courier
from gateway.sandbox.placeholders import Placeholder, substitute

START: Final = "call_start"
ANSWERED: Final = "call_answer"
END: Final = "call_end"
DLR: Final = "dlrurl"


class Reporter:
    """Sends the reports of attempts. Those of one phone to one server arrive in the order they were sent."""

    def __init__(
        self,
        agenda: Agenda,
        courier: Courier,
        on_change: Callable[[Attempt], None],
        placeholders: Collection[Placeholder],
        *,
        dlr_answered_only: bool,
    ) -> None:
        self._agenda = agenda
        self._courier = courier
        self._on_change = on_change
        self._placeholders = placeholders
        self._dlr_answered_only = dlr_answered_only
        self._held: dict[str, list[Report]] = {}

    def tell(self, attempt: Attempt, event: str) -> None:
        """Tells of an event as the phone's behaviour has it; after the end, the `dlrurl` too."""
        reports = self._reports(attempt, event)
        match attempt.behaviour.reporting:
            case Reporting.NEVER:
                return
            case Reporting.LATE:
                self._agenda.after(LATE_REPORT_SECONDS, partial(self._send, attempt, reports))
            case Reporting.TWICE:
                self._send(attempt, [copy for report in reports for copy in (report, _again(report))])
            case Reporting.BACKWARDS:
                self._hold_until_the_end(attempt, event, reports)
            case _:
                self._send(attempt, reports)

    def clear(self) -> None:
        """Forgets what was held back."""
        self._held.clear()

    def _hold_until_the_end(self, attempt: Attempt, event: str, reports: list[Report]) -> None:
        held = self._held.setdefault(attempt.id, [])
        held += reports
        if event == END:
            self._send(attempt, self._held.pop(attempt.id)[::-1])

    def _send(self, attempt: Attempt, reports: list[Report]) -> None:
        attempt.reports += reports
        phone = (attempt.order.request, attempt.number)
        for report in reports:
            self._courier.send((*phone, _server(report.url)), report, partial(self._on_change, attempt))

    def _reports(self, attempt: Attempt, event: str) -> list[Report]:
        values = attempt.variables()
        if attempt.behaviour.reporting is Reporting.WITHOUT_ID:
            values["id"] = ""
        return [
            Report(event=name, url=substitute(url, values, self._placeholders))
            for name, url in self._urls(attempt, event)
        ]

    def _urls(self, attempt: Attempt, event: str) -> list[tuple[str, str]]:
        callback, dlrurl = attempt.order.form.callback, attempt.order.form.dlrurl
        targets = None if callback is None else getattr(callback, event)
        urls = [] if targets is None else [(event, url) for url in targets.urls]
        if attempt.behaviour.reporting is Reporting.DLR_ONLY:
            urls = []
        if dlrurl is not None and event == END and self._has_dlr(attempt):
            urls.append((DLR, dlrurl))
        return urls

    def _has_dlr(self, attempt: Attempt) -> bool:
        if attempt.behaviour.reporting is Reporting.CALLBACK_ONLY:
            return False
        return attempt.status == ANSWER or not self._dlr_answered_only


def _again(report: Report) -> Report:
    return Report(event=report.event, url=report.url)


def _server(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return url
