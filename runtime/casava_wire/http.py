"""HTTP header names and error codes of the sidecar's API."""

from typing import Final

CONTRACT: Final = "Casava-Contract"  # <name>; digest=sha256:<hex>
GUARANTEE: Final = "Casava-Guarantee"  # engine=full|partial|none; sidecar=full|none; mode=validated|off
VERDICT: Final = "Casava-Verdict"  # valid | invalid | incomplete
SHOULD_RETRY: Final = "x-should-retry"  # OpenAI's clients repeat every 5xx unless this says false

STREAM_MEMBER: Final = "casava"  # in the chunk that has finish_reason: {"verdict": ..., "digest": ...}
