"""Tool calls: what a request declares, how a model writes calls, and the contract between the two."""

from casava_contract.tools.contract import ToolCalls, compile_tools
from casava_contract.tools.declared import Declared, Tool
from casava_contract.tools.syntax import Arguments, Broken, Called, Closed, Event, Form, Given, Reader, Text

__all__ = [
    "Arguments",
    "Broken",
    "Called",
    "Closed",
    "Declared",
    "Event",
    "Form",
    "Given",
    "Reader",
    "Text",
    "Tool",
    "ToolCalls",
    "compile_tools",
]
