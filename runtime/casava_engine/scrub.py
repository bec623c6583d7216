"""Which lines of Triton's output may be shown. Logs and termination messages never hold a prompt, a guide or an answer.

llama.cpp prints grammars that it cannot parse straight to standard error, whatever its verbosity. So once requests
can come, only lines whose form is known to hold no request data go through.
"""

import re
from typing import Final

from casava_engine.child import MAX_LINE

# Triton's own lines ("W1124 11:26:08.123456 12 file.cc:34] ..."), which quote no tensors at verbosity 0.
_TRITON: Final = re.compile(r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ \d+ ")
# How a process says that it dies: a failed assertion of ggml (file, line, condition), the C++ runtime, the interpreter.
_DEATH: Final = re.compile(
    r"(?:\S+:\d+: )?GGML_ASSERT\([^\"]*\) failed$|terminate called after throwing an instance of '[\w:]+'$"
    r"|Fatal Python error: [\w ]+$|Signal \(\d+\) received\.$"
)


# Triton's error on every machine without a GPU.
_NOISE: Final = '"CudaDriverHelper has not been initialized."'


def before_serving(line: str) -> str | None:
    """While the model loads no request can come: every line may be shown."""
    return line[:MAX_LINE] if line.strip() and _NOISE not in line else None


def while_serving(line: str) -> str | None:
    """Only what holds no request data by its form."""
    return line[:MAX_LINE] if _TRITON.match(line) or _DEATH.match(line) else None
