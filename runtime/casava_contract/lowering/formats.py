"""Which formats mean to the engine what they mean to the oracle."""

from typing import Final

_LONG: Final = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
_SHORT: Final = "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
_FEBRUARY: Final = "02-(?:0[1-9]|1[0-9]|2[0-8])"
_LEAP: Final = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"
_DATE: Final = f"(?:[0-9]{{4}}-(?:{_LONG}|{_SHORT}|{_FEBRUARY})|{_LEAP})"
_HOUR: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_TIME: Final = f"{_HOUR}:[0-5][0-9](?:\\.[0-9]{{1,9}})?(?:Z|[+-]{_HOUR})"

# The engine's own ideas of these take the 29th of February 1900 and any second 60: it is given these instead.
FORMAT_PATTERNS: Final = {"date": f"^{_DATE}$", "time": f"^{_TIME}$", "date-time": f"^{_DATE}T{_TIME}$"}
# Every string that the engine's own idea of the format takes is valid to the oracle.
FORMATS_PROVEN: Final = frozenset({"ipv4", "uuid"})
# The engine knows these too, but takes more than the oracle.
FORMATS_KEPT: Final = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv6"})
