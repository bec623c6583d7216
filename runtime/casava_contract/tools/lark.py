"""The form of calls, and the arguments of each, as a grammar for engines that decode with llguidance.

Its white space is that of the model's training: a line for the mark, one for the call, one for its end.
"""

from collections.abc import Sequence
from typing import Final

from casava_contract.tools.syntax import END, MARK, Prose

_SPACING: Final = '"x-guidance":{"whitespace_flexible":false,"key_separator":": ","item_separator":", "}'
OBJECT: Final = f'{{{_SPACING},"type":"object"}}'
ANY: Final = f"{{{_SPACING}}}"

_TEXT: Final = """start: TEXT? | before calls
TEXT: /(?s:.+)/ & ~/(?s:.*){mark}(?s:.*)/
before[suffix="{mark}"]: /(?s:.*)/
"""
_OR_JSON: Final = """start: text | "{mark}" calls
text: %json {guide}
"""
_CALLS: Final = 'start: "{mark}" calls\n'


def grammar(tools: Sequence[tuple[str, str]], *, prose: Prose, text_guide: str, most_calls: int) -> str:
    """``tools``: the name of each and the guide of its arguments, a JSON Schema as llguidance reads it."""
    start = {"before": _TEXT, "instead": _OR_JSON, "none": _CALLS}[prose]
    more = f" more{{0,{most_calls - 1}}}" if most_calls > 1 else ""
    rules = [
        "%llguidance {}",
        start.replace("{mark}", MARK.decode()).replace("{guide}", text_guide),
        f"calls: call{more}",
        f'more: "\\n{MARK.decode()}" call',
        "call: " + " | ".join(f"call_{index}" for index in range(len(tools))),
    ]
    for index, (name, guide) in enumerate(tools):
        begin = f'"\\n{{\\"name\\": \\"{name}\\", \\"arguments\\": "'
        rules += [
            f'call_{index}: {begin} arguments_{index} "}}\\n{END.decode()}"',
            f"arguments_{index}: %json {guide}",
        ]
    return "\n".join(rules) + "\n"
