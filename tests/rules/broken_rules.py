"""A call for each rule that can be broken, and the violations that it must get, in order."""

from typing import Any

import pytest

ONE = [{"number": "+13236550107"}]
IVR = {"flowId": "SG_1"}


def to_one(**fields: Any) -> dict[str, Any]:
    return {"recipients": ONE, "ivr": IVR} | fields


def playing(*items: Any) -> dict[str, Any]:
    return {"recipients": ONE, "playlist": {"items": list(items)}}


def case(name: str, call: dict[str, Any], *violations: str) -> Any:
    return pytest.param(call, list(violations), id=name)


BROKEN = [
    case("an empty call", {}, "call.target REQUIRED", "call.recipients REPEATED_MIN_ITEMS"),
    case(
        "an empty recipient",
        to_one(recipients=[{}]),
        "call RECIPIENTS_COUNTRY_CODE",
        "call.recipients[0].number STRING_PATTERN",
    ),
    case("no + and no prefix", to_one(recipients=[{"number": "13236550107"}]), "call RECIPIENTS_COUNTRY_CODE"),
    case("a number twice", to_one(recipients=ONE * 2), "call RECIPIENTS_UNIQUE"),
    case(
        "a number twice, once with the prefix",
        to_one(recipients=[*ONE, {"number": "3236550107"}], prefix="1"),
        "call RECIPIENTS_UNIQUE",
    ),
    case("a bridge without +", to_one(bridge="13236550107"), "call BRIDGE_COUNTRY_CODE"),
    case("a prefix of 5 digits", to_one(prefix="+12345"), "call.prefix STRING_PATTERN"),
    case("a bridge of 3 digits", to_one(bridge="+123"), "call.bridge STRING_PATTERN"),
    case(
        "a long reference",
        to_one(recipients=[{"number": "+13236550107", "reference": "x" * 101}]),
        "call.recipients[0].reference STRING_MAX_LEN",
    ),
    case(
        "a control character of Latin-1",
        to_one(recipients=[{"number": "+13236550107", "reference": "a\u0085"}]),
        "call.recipients[0].reference STRING_PATTERN",
    ),
    case("an empty flow", to_one(ivr={}), "call.ivr.flow_id STRING_PATTERN"),
    case("an empty playlist", playing(), "call.playlist.items REPEATED_MIN_ITEMS"),
    case("an empty item", playing({}, {"sounds": {"soundIds": ["1"]}}), "call.playlist.items[0].item REQUIRED"),
    case("no sound", playing({"sounds": {}}), "call.playlist.items[0].sounds.sound_ids REPEATED_MIN_ITEMS"),
    case(
        "sound 0", playing({"sounds": {"soundIds": ["1", "0"]}}), "call.playlist.items[0].sounds.sound_ids[1] INT64_GT"
    ),
    case("no text", playing({"message": {}}), "call.playlist.items[0].message.text STRING_MIN_LEN"),
    case(
        "a long text", playing({"message": {"text": "x" * 4001}}), "call.playlist.items[0].message.text STRING_MAX_LEN"
    ),
    case(
        "a tab in a text", playing({"message": {"text": "a\tb"}}), "call.playlist.items[0].message.text STRING_PATTERN"
    ),
    case(
        "no language and no speed",
        playing({"message": {"text": "a", "language": "english", "speed": "X"}}),
        "call.playlist.items[0].message.language STRING_PATTERN",
        "call.playlist.items[0].message.speed STRING_PATTERN",
    ),
    case("21 items", playing(*[{"message": {"text": "a"}}] * 21), "call.playlist.items REPEATED_MAX_ITEMS"),
    case("101 redials", to_one(retryCount=101), "call.retry_count INT32_GTE_LTE"),
    case("no rules", to_one(retryRules={}), "call.retry_rules.rules REPEATED_MIN_ITEMS"),
    case(
        "a bad rule",
        to_one(retryRules={"rules": [{"count": 0, "statuses": [4, 4]}]}),
        "call.retry_rules.rules[0].count INT32_GTE_LTE",
        "call.retry_rules.rules[0].statuses REPEATED_UNIQUE",
    ),
    case(
        "statuses that are none",
        to_one(retryRules={"rules": [{"count": 1, "statuses": [0, 6]}]}),
        "call.retry_rules.rules[0].statuses[0] ENUM_NOT_IN",
        "call.retry_rules.rules[0].statuses[1] ENUM_DEFINED_ONLY",
    ),
    case("14 s between redials", to_one(retryInterval="14s"), "call.retry_interval DURATION_GTE_LTE"),
    case("61 s between redials", to_one(retryInterval="61s"), "call.retry_interval DURATION_GTE_LTE"),
    case("half a second", to_one(retryInterval="20.5s"), "call.retry_interval DURATION_WHOLE_SECONDS"),
    case("a delay of 901 s", to_one(delay="901s"), "call.delay DURATION_GTE_LTE"),
    case("a delay before now", to_one(delay="-1s"), "call.delay DURATION_GTE_LTE"),
    case("no time at all", to_one(timeout="0s"), "call.timeout DURATION_GT_LTE"),
    case("more than an hour", to_one(timeout="3601s"), "call.timeout DURATION_GT_LTE"),
    case("JSON that is no array or object", to_one(timeoutJson="60"), "call.timeout_json STRING_PATTERN"),
    case("long JSON", to_one(timeoutJson=f"[{' ' * 2047}]"), "call.timeout_json STRING_MAX_LEN"),
    case("a URL of FTP", to_one(dlrUrl="ftp://example.com"), "call.dlr_url STRING_PATTERN"),
    case("a long URL", to_one(dlrUrl="https://e.com/" + "x" * 2048), "call.dlr_url STRING_MAX_LEN"),
    case(
        "an event that tells nobody",
        to_one(callbacks={"callStart": {}}),
        "call.callbacks.call_start CALLBACK_TARGETS_SOME",
    ),
    case(
        "11 profiles and no URL",
        to_one(callbacks={"callEnd": {"profileIds": ["a"] * 11, "urls": ["x"]}}),
        "call.callbacks.call_end.profile_ids REPEATED_MAX_ITEMS",
        "call.callbacks.call_end.urls[0] STRING_PATTERN",
    ),
    case("custom beyond ASCII", to_one(custom="ü"), "call.custom STRING_PATTERN"),
    case("a long custom", to_one(custom="x" * 101), "call.custom STRING_MAX_LEN"),
    case("a campaign of two lines", to_one(campaignName="a\nb"), "call.campaign_name STRING_PATTERN"),
    case(
        "half a second, years ago",
        to_one(scheduleTime="2020-01-01T00:00:00.5Z"),
        "call.schedule_time TIMESTAMP_WHOLE_SECONDS",
        "call.schedule_time TIMESTAMP_WINDOW",
    ),
]
