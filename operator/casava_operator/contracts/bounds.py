"""How much an OutputContract's status holds: what the schema allows and what is written are the same numbers."""

from typing import Final

MAX_KEYWORDS: Final = 16  # of each engine
MAX_USERS: Final = 32
MAX_ENGINES: Final = 8
MAX_POINTER: Final = 300  # characters
MAX_TEXT: Final = 512
MAX_WORD: Final = 64
