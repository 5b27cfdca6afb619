"""`watch`: follows what a person asks for."""

from __future__ import annotations

from gateway.caller.connecting import NoGatewayError, credentials_of, followed_channel, require_gateway
from gateway.caller.exit_status import NO_NEWS
from gateway.caller.following import Follower, View
from gateway.caller.options import Subject, UsageError
from gateway.caller.server import OPTIONS, Server
from gateway.caller.terminal import page_here
from gateway.caller.typed import Typed
from gateway.caller.views import JsonView, PageView, beside


def follow(subject: Subject, server: Server, line: Typed, *, as_json: bool) -> int:
    """Follows it, and shows what happens.

    Returns:
        The exit status.

    Raises:
        UsageError: The command line is wrong.
    """
    broken = line.not_utf8()
    if broken:
        raise UsageError(f"{broken} is not UTF-8")
    if subject.is_empty:
        raise UsageError("the call's id is empty, as of a variable that is not set: give one, or none for all calls")
    if subject.call_id and subject.request_id:
        raise UsageError("which call? Give CALL_ID or --request-id, not both")
    credentials = credentials_of(server)
    view = _view(subject, as_json=as_json)
    with followed_channel(server, credentials) as channel:
        try:
            require_gateway(channel, server)
        except NoGatewayError as error:
            beside(f"{error}. Is `kaleyra-gateway serve` running there?")
            return NO_NEWS
        return Follower(subject, view, line.only(OPTIONS)).run(channel)


def _view(subject: Subject, *, as_json: bool) -> View:
    if as_json:
        return JsonView(subject)
    page = page_here()
    view = PageView(page, subject)
    if not subject.is_one_call:
        since = "from now on" if subject.after is None else f"after event {subject.after}"
        view.note(f"All calls of account {subject.account or 'default'}, {since}; Ctrl-C ends it.")
    return view
