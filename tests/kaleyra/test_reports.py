"""What a report says: every variable, in each way of writing it, whatever was or was not substituted."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.kaleyra.reports import (
    DISPOSITION_BY_STATUS,
    NOBODY,
    VARIABLES,
    Report,
    ReportKind,
    plain_status,
    read_report,
)
from voicegateway.v1.outbound_call_pb2 import DISPOSITION_UNSPECIFIED, Disposition, RecipientOutcome

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)

READ = [
    pytest.param("id", "66a1f-8.01", {"provider_call_id": "66a1f-8.01"}, id="id"),
    pytest.param("status", "NO_INCOMING_CLI", {"status": "NO_INCOMING_CLI"}, id="status"),
    pytest.param("ringtime", "12", {"ring_duration": timedelta(seconds=12)}, id="ringtime"),
    pytest.param("billsec", "61", {"billed_duration": timedelta(seconds=61)}, id="billsec"),
    pytest.param("callee", "13236550107", {"callee": "13236550107"}, id="callee"),
    pytest.param("keypress", "1*#a", {"keypress": "1*#a"}, id="keypress"),
    pytest.param("credits", "0.0150", {"credits": "0.0150"}, id="credits"),
    pytest.param("caller", "13236550100", {}, id="caller, which is known"),
    pytest.param("bridge", "13236550100", {}, id="bridge, which is known"),
    pytest.param("flow_id", "SG_1", {}, id="flow_id, which is known"),
    pytest.param("call_type", "outbound", {}, id="call_type, of which nothing is known"),
]


def read(*variables, kind=ReportKind.START):
    return read_report(kind, variables, NOW)


def told(report):
    """What a report says beside what it was fetched for and when."""
    unsaid = Report(kind=report.kind, received=report.received)
    names = [name for name in Report.__slots__ if getattr(report, name) != getattr(unsaid, name)]
    return {name: getattr(report, name) for name in names}


def test_every_variable_is_tried():
    """No documented variable is without an example here."""
    assert [*VARIABLES] == sorted((case.values[0] for case in READ), key=VARIABLES.index)


@pytest.mark.parametrize("prefix", ["a_", "b_", "c_", "", "A_"])
@pytest.mark.parametrize(("variable", "value", "expected"), READ)
def test_a_variable_is_read_by_any_of_its_names(prefix, variable, value, expected):
    """The gateway's own names say how a variable was written; a proxy may call it by its own; case does not matter."""
    assert expected == told(read((prefix + variable, value)))
    assert expected == told(read((prefix + variable.upper(), value)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("d_status", "ANSWER", id="a prefix of nobody"),
        pytest.param("status_", "ANSWER", id="a name that goes on"),
        pytest.param("\u017ftatus", "ANSWER", id="a letter that is almost another"),
        pytest.param("\u212aeypress", "1", id="a letter whose small one is another"),
        pytest.param("", "ANSWER", id="no name"),
    ],
)
def test_other_names_are_nothing(name, value):
    """What is not asked for is not read."""
    assert {} == told(read((name, value)))


@pytest.mark.parametrize("unreplaced", ["{{status}}", "{status}", "status", "{status", "{{STATUS}}", " {{ status }} "])
def test_what_was_not_substituted_is_no_value(unreplaced):
    """A name that stands for itself is never taken for a value, and the next way of writing it is read."""
    assert {} == told(read(("a_status", unreplaced)))
    assert "BUSY" == read(("a_status", unreplaced), ("b_status", "BUSY")).status


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("name", VARIABLES)
def test_no_variables_name_is_a_value(name, variable):
    """A name of another variable is one that nobody substituted, too."""
    assert {} == told(read((f"b_{name}", variable)))


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param([("a_status", "BUSY"), ("b_status", "ANSWER")], "BUSY", id="the first of two"),
        pytest.param([("a_status", ""), ("b_status", "ANSWER")], "ANSWER", id="not an empty one"),
        pytest.param([("a_status", "{}"), ("b_status", "ANSWER")], "ANSWER", id="not an empty one in braces"),
        pytest.param([("a_status", " "), ("status", "ANSWER")], "ANSWER", id="not a blank"),
        pytest.param([("c_status", "BUSY"), ("a_status", "ANSWER")], "BUSY", id="in the order they came"),
        pytest.param([("a_status", "{BUSY}")], "BUSY", id="one brace too many"),
        pytest.param([("a_status", "{{BUSY}}")], "BUSY", id="two braces too many"),
        pytest.param([("a_status", "{BUSY")], "BUSY", id="half a pair"),
        pytest.param([("a_status", " BUSY ")], "BUSY", id="white space"),
        pytest.param([("a_status", "B\x00U\x1bS\ud800Y\x85")], "BUSY", id="what cannot be printed"),
        pytest.param([("a_status", "x" * 65)], "x" * 64, id="no more than 64 characters"),
    ],
)
def test_the_first_value_that_was_substituted_wins(variables, expected):
    """Stray braces, white space and control characters are no part of a value."""
    assert expected == read(*variables).status


@pytest.mark.parametrize(
    ("variable", "field", "limit"),
    [("id", "provider_call_id", 128), ("keypress", "keypress", 100), ("credits", "credits", 32)],
)
def test_a_text_is_bounded(variable, field, limit):
    """The rest of a longer one is dropped."""
    assert "7" * limit == getattr(read((variable, "7" * (limit + 1))), field)


# Whom


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("+13236550107", "13236550107", id="with +"),
        pytest.param(" 13236550107", "13236550107", id="with a + that became a space"),
        pytest.param("0013236550107", "13236550107", id="with 00"),
        pytest.param("+1 (323) 655-0107", "13236550107", id="as people write it"),
        pytest.param("03236550107", "03236550107", id="with one 0, which is no country code"),
        pytest.param("1" * 19, "1" * 19, id="as long as a number with its prefix"),
        pytest.param("1" * 20, NOBODY, id="longer"),
        pytest.param("13236550107,13236550108", NOBODY, id="two numbers"),
        pytest.param("sip:13236550107@192.0.2.1", NOBODY, id="an address with other digits in it"),
        pytest.param("\u0661\u0662\u0663\u0664", NOBODY, id="digits of another script"),
        pytest.param("anonymous", NOBODY, id="a word"),
        pytest.param("+", NOBODY, id="no digit"),
        pytest.param("", "", id="nothing"),
        pytest.param("{{callee}}", "", id="not substituted"),
    ],
)
def test_a_callee_is_digits(text, expected):
    """Whatever else would match a report to somebody by chance is nobody's; only what was not told is nothing."""
    assert expected == read(("callee", text)).callee


# How long


@pytest.mark.parametrize("variable", ["ringtime", "billsec"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0", timedelta(0), id="nought"),
        pytest.param("12.5", timedelta(seconds=12.5), id="half seconds"),
        pytest.param("00012", timedelta(seconds=12), id="leading noughts"),
        pytest.param("00:01:12", timedelta(seconds=72), id="hours, minutes, seconds"),
        pytest.param("2592000", timedelta(days=30), id="30 days"),
        pytest.param("2592001", None, id="more"),
        pytest.param("999999999999", None, id="absurd"),
        pytest.param("9" * 128, None, id="beyond any number of seconds"),
        pytest.param("721:00:00", None, id="absurd, as hours"),
        pytest.param("-1", None, id="negative"),
        pytest.param("01:12", None, id="hours and minutes, or minutes and seconds"),
        pytest.param("00:61:12", None, id="61 minutes"),
        pytest.param("12s", None, id="with a unit"),
        pytest.param("1e3", None, id="in powers"),
        pytest.param("12,5", None, id="with a comma"),
        pytest.param(".5", None, id="without its nought"),
        pytest.param("nan", None, id="no number"),
        pytest.param("\u0661", None, id="a digit of another script"),
    ],
)
def test_a_duration_is_seconds_or_nothing(variable, text, expected):
    """What could mean something else is not guessed at."""
    report = read((variable, text))

    assert expected == (report.ring_duration if variable == "ringtime" else report.billed_duration)


# What a status means

MEANINGS = {
    "ANSWERED": ["ANSWER", "FLOW_ANSWER"],
    "NOT_ANSWERED": ["NOANSWER", "NOANSWER_CHANNEL1", "NOANSWER_CHANNEL2", "MISS_CALL"],
    "BUSY": ["BUSY", "BUSY_CHANNEL1", "BUSY_CHANNEL2"],
    "REJECTED": ["REJECTED"],
    "UNREACHABLE": ["NOROUTE", "CHANUNAVAIL", "CONGESTION"],
    "NOT_DIALED": [
        "MAXUSE",
        "MAX-USE",
        "BRIDGE_UNAVAILABLE",
        "FLOW_UNASSIGNED",
        "FLOW_PAUSED",
        "FLOW_NOT_PUBLISHED",
        "QUEUE_TIMEOUT",
        "DND",
        "NOTALLOWED",
        "BLOCKED",
        "OFF-HOUR",
    ],
    "FAILED": ["FAILED", "FAILED_CHANNEL1", "FAILED_CHANNEL2", "CANCEL", "OBD_TIMEOUT", "FLOW_UNREACHABLE"],
    "OTHER": ["NO_INCOMING_CLI"],
}
"""Every status that any of the provider's documents lists, by what design.md says that it means."""

STATUSES = [(status, meaning) for meaning, statuses in MEANINGS.items() for status in statuses]


def test_the_table_holds_every_known_status():
    """No documented status is missing from the table, and nothing else stands in it."""
    assert {plain_status(status) for status, _ in STATUSES} == set(DISPOSITION_BY_STATUS)


def test_every_disposition_is_some_status_meaning():
    """A disposition that no status leads to would be one that nobody ever sees."""
    assert set(Disposition.values()) - {DISPOSITION_UNSPECIFIED} == set(DISPOSITION_BY_STATUS.values())


@pytest.mark.parametrize("kind", [ReportKind.DLR, ReportKind.END])
@pytest.mark.parametrize(("status", "meaning"), STATUSES)
def test_a_status_has_a_meaning(kind, status, meaning):
    """Case, `-`, `_` and white space around it make no other status, and the raw text is kept."""
    for written in (status, status.lower(), status.replace("_", "-"), status.replace("-", ""), f" {status.title()} "):
        report = read(("status", written), kind=kind)

        assert f"DISPOSITION_{meaning}" == Disposition.Name(report.disposition)
        assert written.strip() == report.status


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        pytest.param("NOANSWER_CHANNEL9", "NOT_ANSWERED", id="one more channel that nobody answers"),
        pytest.param("busy-here", "BUSY", id="another way to be busy"),
        pytest.param("FAILED_ROUTE", "FAILED", id="another way to fail"),
        pytest.param("ANSWERED", "OTHER", id="almost an answer"),
        pytest.param("XBUSY", "OTHER", id="a family's name at the end"),
        pytest.param("Grüße", "OTHER", id="a word"),
        pytest.param("_", "OTHER", id="nothing to compare"),
    ],
)
def test_an_unheard_of_status_belongs_to_a_family_or_is_other(status, meaning):
    """It is kept and shown, and never an error."""
    report = read(("status", status), kind=ReportKind.END)

    assert (status, f"DISPOSITION_{meaning}") == (report.status, Disposition.Name(report.disposition))


@pytest.mark.parametrize("kind", ReportKind)
def test_no_status_has_no_meaning(kind):
    """A report without a status still says that it came."""
    assert Report(kind=kind, received=NOW) == read(("a_status", "{{status}}"), kind=kind)


@pytest.mark.parametrize("kind", [ReportKind.START, ReportKind.ANSWER])
def test_a_status_before_the_end_is_kept_raw(kind):
    """What one means while a call is going on is in no document: nothing is made of it."""
    report = read(("status", "ANSWER"), kind=kind)

    assert ("ANSWER", DISPOSITION_UNSPECIFIED) == (report.status, report.disposition)


# Whatever comes

NAMES = st.sampled_from([prefix + name for name in VARIABLES for prefix in ("", "a_", "b_", "c_")])
TEXTS = st.text(st.characters(codec=None), max_size=200) | st.text("0123456789:.+- {}", max_size=40)


@given(st.sampled_from(ReportKind), st.lists(st.tuples(NAMES | TEXTS, TEXTS), max_size=30))
@example(ReportKind.END, [("status", "\udfff" * 200), ("id", "\x00"), ("billsec", "9" * 400), ("callee", "0" * 400)])
def test_any_text_is_read_and_bounded(kind, variables):
    """Nothing raises; what is read fits the contract's fields and any database."""
    report = read(*variables, kind=kind)

    assert (kind, NOW) == (report.kind, report.received)
    texts = [report.provider_call_id, report.status, report.callee, report.keypress, report.credits]
    assert [] == [text for text, limit in zip(texts, (128, 64, 19, 100, 32), strict=True) if len(text) > limit]
    assert [] == [text for text in texts if text and not text.isprintable()]
    assert all(
        duration is None or timedelta(0) <= duration <= timedelta(days=30)
        for duration in (report.ring_duration, report.billed_duration)
    )
    outcome = RecipientOutcome(provider_status=report.status, keypress=report.keypress, credits=report.credits)
    assert report.status == RecipientOutcome.FromString(outcome.SerializeToString()).provider_status


def test_a_repr_shows_neither_numbers_nor_keys():
    """A report in a log line or a traceback tells of nobody."""
    report = read(("callee", "13236550107"), ("keypress", "4711"), ("caller", "13236550100"))

    assert [] == [hidden for hidden in ("3236550107", "4711", "3236550100") if hidden in repr(report)]
