"""The tools that a model may call, as a request to OpenAI's API declares them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from casava_contract.contract import Contract
from casava_contract.errors import ContractError, ErrorCode, shorten
from casava_contract.limits import Limits
from casava_contract.source import jsontext, reading
from casava_contract.source.jsontext import JsonValue
from casava_contract.source.reading import Source

MOST_TOOLS: Final = 128

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NO_PARAMETERS: Final[JsonValue] = {"type": "object", "properties": {}, "additionalProperties": False}
_WORDS: Final = ("none", "auto", "required")
_CHOICES: Final = "none, auto, required, or the function that must be called"

Members = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Tool:
    """A function. ``parameters`` is its schema, ``contract`` the same compiled; ``pointer`` leads to its declaration.

    ``allowed``: whether it may be called in this answer.
    """

    name: str
    description: str
    parameters: JsonValue
    contract: Contract
    pointer: str
    allowed: bool = True

    @property
    def schema_pointer(self) -> str:
        return f"{self.pointer}/function/parameters"


@dataclass(frozen=True, slots=True)
class Declared:
    """``choice``: whether calls are not allowed, allowed, or needed. ``parallel``: more than one may be made."""

    tools: tuple[Tool, ...]
    choice: Literal["none", "auto", "required"]
    parallel: bool
    text: str  # the declaration as compact JSON

    @property
    def allowed(self) -> tuple[Tool, ...]:
        return tuple(tool for tool in self.tools if tool.allowed)


def read(text: str, limits: Limits, compile_schema: Callable[[str, Limits], Contract]) -> Declared:
    """``text``: an object with OpenAI's ``tools``, ``tool_choice`` and ``parallel_tool_calls``, or the tools alone.

    Raises ContractError.
    """
    source = reading.read(text, limits)
    value: JsonValue = source.value if isinstance(source.value, dict) else {"tools": source.value}
    base = "/tools" if isinstance(source.value, dict) else ""
    reader = _Reader(source, limits, compile_schema)
    members = reader.members(value, "", needed=("tools",), known=("tool_choice", "parallel_tool_calls"))
    tools = reader.tools(members["tools"], base)
    parallel = members.get("parallel_tool_calls", True)
    if not isinstance(parallel, bool):
        raise reader.error("true or false", parallel, "/parallel_tool_calls")
    choice, names, several = reader.choice(members.get("tool_choice", "auto"), {tool.name for tool in tools})
    chosen = tuple(tool if tool.name in names else _barred(tool) for tool in tools)
    return Declared(chosen, choice, parallel and several, jsontext.dump(value))


def _barred(tool: Tool) -> Tool:
    return Tool(tool.name, tool.description, tool.parameters, tool.contract, tool.pointer, allowed=False)


class _Reader:
    def __init__(self, source: Source, limits: Limits, compile_schema: Callable[[str, Limits], Contract]) -> None:
        self._source = source
        self._limits = limits
        self._compile = compile_schema

    def error(self, expected: str, got: JsonValue, pointer: str) -> ContractError:
        return self._source.error(ErrorCode.INVALID, f"expected {expected}, not {_shown(got)}", pointer)

    def members(self, value: JsonValue, pointer: str, *, needed: tuple[str, ...], known: tuple[str, ...]) -> Members:
        """Those of ``value`` that are not null. It must be an object, have what is needed and nothing unknown."""
        if not isinstance(value, dict):
            raise self.error("an object", value, pointer)
        for name in value:
            if name not in needed and name not in known:
                where = f"{pointer}/{shorten(name)}"
                raise ContractError(ErrorCode.INVALID, "this member is not known here: leave it out", pointer=where)
        for name in needed:
            if value.get(name) is None:
                raise self._source.error(ErrorCode.INVALID, f"the member {name} is missing", f"{pointer}/{name}")
        return {name: member for name, member in value.items() if member is not None}

    def tools(self, value: JsonValue, base: str) -> tuple[Tool, ...]:
        if not isinstance(value, list) or not 0 < len(value) <= MOST_TOOLS:
            got = f"{len(value)}" if isinstance(value, list) else _shown(value)
            raise self._source.error(ErrorCode.INVALID, f"expected a list of 1 to {MOST_TOOLS} tools, not {got}", base)
        if jsontext.count(value) > self._limits.schema_nodes:
            message = (
                f"all tools together have more than {self._limits.schema_nodes} values: declare fewer, or less of each"
            )
            raise self._source.error(ErrorCode.LIMIT_NODES, message, base)
        tools: dict[str, Tool] = {}
        cost = 0
        for index, one in enumerate(value):
            tool = self._tool(one, f"{base}/{index}")
            cost += tool.contract.cost
            if cost > self._limits.schema_expansion:  # what one schema may have is for all of them
                message = f"all tools together expand to more than {self._limits.schema_expansion} subschemas"
                raise self._source.error(ErrorCode.LIMIT_EXPANSION, message, tool.schema_pointer)
            if tool.name in tools:
                where = f"{tool.pointer}/function/name"
                raise self._source.error(ErrorCode.INVALID, f"the function {tool.name} is there twice", where)
            tools[tool.name] = tool
        return tuple(tools.values())

    def _tool(self, value: JsonValue, pointer: str) -> Tool:
        if isinstance(value, dict) and value.get("type") != "function":
            raise self.error('"function"', value.get("type"), f"{pointer}/type")
        function = self.members(value, pointer, needed=("type", "function"), known=())["function"]
        pointer_in = f"{pointer}/function"
        words = self.members(function, pointer_in, needed=("name",), known=("description", "parameters", "strict"))
        name, description, strict = words["name"], words.get("description", ""), words.get("strict", False)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise self.error("a name of 1 to 64 letters, digits, _ and -", name, f"{pointer_in}/name")
        if not isinstance(description, str):
            raise self.error("a text", description, f"{pointer_in}/description")
        if not isinstance(strict, bool):  # either way the schema is enforced
            raise self.error("true or false", strict, f"{pointer_in}/strict")
        parameters = words.get("parameters", _NO_PARAMETERS)
        return Tool(name, description, parameters, self._schema(parameters, f"{pointer_in}/parameters"), pointer)

    def _schema(self, value: JsonValue, pointer: str) -> Contract:
        """Arguments are an object, and whoever lets them be anything means an object too."""
        if value == {}:
            value = {"type": "object"}
        if not isinstance(value, dict) or value.get("type") != "object":
            got = value.get("type") if isinstance(value, dict) else value
            raise self._source.error(
                ErrorCode.INVALID, f'expected a schema of "type": "object", not of {_shown(got)}', pointer
            )
        try:
            contract = self._compile(jsontext.dump(value), self._limits)
        except ContractError as error:
            raise self._source.error(error.code, error.message, pointer + error.pointer) from None
        if contract.timing("/type") is None:
            message = "a $ref silences the type beside it in this draft: put the $ref under allOf"
            raise self._source.error(ErrorCode.INVALID, message, pointer)
        return contract

    def choice(self, value: JsonValue, names: set[str]) -> tuple[Literal["none", "auto", "required"], set[str], bool]:
        """What is allowed, the functions that may be called, and whether more than one call is."""
        pointer = "/tool_choice"
        if value == "none":
            return "none", names, True
        if value == "auto":
            return "auto", names, True
        if value == "required":
            return "required", names, True
        if not isinstance(value, dict):
            raise self.error(_CHOICES, value, pointer)
        if value.get("type") == "allowed_tools":
            return self._allowed(value, names, pointer)
        return "required", {self._named(value, names, pointer)}, False

    def _allowed(
        self, value: JsonValue, names: set[str], pointer: str
    ) -> tuple[Literal["none", "auto", "required"], set[str], bool]:
        allowed = self.members(value, pointer, needed=("type", "allowed_tools"), known=())["allowed_tools"]
        pointer = f"{pointer}/allowed_tools"
        words = self.members(allowed, pointer, needed=("mode", "tools"), known=())
        listed = words["tools"]
        if not isinstance(listed, list) or not listed:
            raise self.error("a list of tools", listed, f"{pointer}/tools")
        chosen = {self._named(one, names, f"{pointer}/tools/{index}") for index, one in enumerate(listed)}
        if words["mode"] == "auto":
            return "auto", chosen, True
        if words["mode"] == "required":
            return "required", chosen, True
        raise self.error("auto or required", words["mode"], f"{pointer}/mode")

    def _named(self, value: JsonValue, names: set[str], pointer: str) -> str:
        if isinstance(value, dict) and value.get("type") != "function":
            raise self.error('"function"', value.get("type"), f"{pointer}/type")
        function = self.members(value, pointer, needed=("type", "function"), known=())["function"]
        name = self.members(function, f"{pointer}/function", needed=("name",), known=())["name"]
        if not isinstance(name, str) or name not in names:
            raise self.error("the name of one of the tools", name, f"{pointer}/function/name")
        return name


def _shown(value: JsonValue) -> str:
    return shorten(jsontext.dump(value))
