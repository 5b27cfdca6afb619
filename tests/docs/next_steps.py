"""What a program does next after an error: action, least wait, which request_id, and the fields that it is about."""

from collections.abc import Mapping

NEXT_BY_REASON: Mapping[str, str] = {
    "INVALID_REQUEST": "CORRECT 0s same call.recipients[0].number",
    "REQUEST_ID_REUSED": "ASK_A_PERSON 0s same -",
    "REQUEST_IN_PROGRESS": "REPEAT 1s same -",
    "ACCOUNT_NOT_FOUND": "CORRECT 0s same account",
    "CALL_NOT_FOUND": "READ_OTHERWISE 0s same -",
    "PROVIDER_INVALID_INPUT": "CORRECT 0s new call.recipients[0].number",
    "INVALID_NUMBER": "CHOOSE_ANOTHER 0s new call.recipients[0].number",
    "SCHEDULE_TIME_REFUSED": "CHOOSE_ANOTHER 0s new call.schedule_time",
    "BRIDGE_NOT_FOUND": "CHOOSE_ANOTHER 0s new call.bridge",
    "FLOW_NOT_FOUND": "CHOOSE_ANOTHER 0s new call.ivr.flow_id",
    "SOUND_NOT_FOUND": "CHOOSE_ANOTHER 0s new call.playlist",
    "PROVIDER_CREDENTIALS_REJECTED": "TELL_OPERATORS 300s same -",
    "PROVIDER_MISCONFIGURED": "TELL_OPERATORS 300s same -",
    "PROVIDER_REFUSED": "CORRECT 0s new call.recipients[0].number",
    "PROVIDER_THROTTLED": "REPEAT 1s same -",
    "PROVIDER_UNREACHABLE": "REPEAT 1s same -",
    "OUTCOME_UNKNOWN": "ASK_A_PERSON 0s same -",
    "RATE_LIMITED": "REPEAT 1s same -",
    "OVERLOADED": "REPEAT 1s same -",
    "LEDGER_UNAVAILABLE": "REPEAT 1s same -",
    "UNAUTHENTICATED": "CORRECT 0s same account",
    "PERMISSION_DENIED": "CORRECT 0s same account",
    "POLICY_REFUSED": "CORRECT 0s same call.recipients[0].number",
    "INTERNAL": "TELL_OPERATORS 300s same -",
    "CURSOR_OUT_OF_RANGE": "READ_OTHERWISE 0s same -",
    "UNIMPLEMENTED": "READ_OTHERWISE 0s same -",
    "EXPIRED": "DROP 0s same -",
    "PAUSED": "REPEAT 300s same -",
}
"""What to do, after how long, with which request_id and about which fields, where all is as usual."""

OF_THE_GATEWAY = NEXT_BY_REASON | {
    "INVALID_REQUEST": "CORRECT 0s same call,call.recipients[0].number",
    "PROVIDER_INVALID_INPUT": "CORRECT 0s new call.recipients",
    "PROVIDER_REFUSED": "CORRECT 0s new -",
    "PROVIDER_THROTTLED": "REPEAT 2s same -",
    "EXPIRED, spent": "DROP 0s new -",
}
"""What a real gateway tells beside the reason counts, too."""

NEWER = "ERROR_REASON_OF_TOMORROW"
NEXT_BY_ADVICE: Mapping[str, str] = {
    "UNSPECIFIED": "ASK_A_PERSON 0s same -",
    "REPEAT": "REPEAT 1s same -",
    "CORRECT": "CORRECT 0s same call.recipients[0].number",
    "NEW_REQUEST_ID": "CORRECT 0s new call.recipients[0].number",
    "LOOK_UP": "ASK_A_PERSON 0s same -",
    "OF_TOMORROW": "ASK_A_PERSON 0s same -",
}
"""What to do about a reason that no program knows yet."""
