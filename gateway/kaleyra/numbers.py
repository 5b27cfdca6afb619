"""How the provider may read a number that was written without its country code."""

from collections.abc import Set as AbstractSet


def readings(number: str, prefix: str) -> AbstractSet[str]:
    """Lists every number, as digits, that the provider may dial for this one.

    With `+` there is one reading. Without it the provider applies the prefix "if already not given" [page]; how it
    decides that is unknown, so the number as it stands counts as a reading where it begins with the prefix.
    """
    digits, country = number.removeprefix("+"), prefix.removeprefix("+")
    if number.startswith("+") or not country:
        return {digits}
    return {country + digits, digits} if digits.startswith(country) else {country + digits}
