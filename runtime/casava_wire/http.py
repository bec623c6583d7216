"""HTTP header names and error codes of the sidecar's API."""

from typing import Final

CONTRACT: Final = "Casava-Contract"  # <name>; digest=sha256:<hex>
GUARANTEE: Final = "Casava-Guarantee"  # engine=full|partial|none; sidecar=full|none; mode=strict|validated|observe|off
VERDICT: Final = "Casava-Verdict"  # valid | invalid | incomplete | refused; attempts=<n>; edits=<n>; class=<gravest>
UNENFORCED: Final = "Casava-Unenforced"  # pointers into the schema of what nobody enforces; empty: a promise
SHOULD_RETRY: Final = "x-should-retry"  # OpenAI's clients repeat every 5xx unless this says false

STREAM_MEMBER: Final = "casava"  # in the chunk that has finish_reason: {"verdict": ..., "digest": ...}
