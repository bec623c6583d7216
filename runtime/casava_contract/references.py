"""Where references lead, inside the schema's own text. Nothing outside of it is ever looked up."""

from collections.abc import Iterator
from urllib.parse import unquote, urldefrag, urljoin

from casava_contract import dialect, pointers
from casava_contract.dialect import Draft
from casava_contract.errors import ContractError, ErrorCode, shorten
from casava_contract.jsontext import JsonValue
from casava_contract.sources import Source


class Resolver:
    """Resolves the references of one schema to pointers."""

    def __init__(self, source: Source, draft: Draft) -> None:
        self._source = source
        self._draft = draft
        self._bases: dict[str, str] = {}  # pointer of a subschema -> its base URI
        self._resources: dict[str, str] = {}  # URI -> pointer
        self._anchors: dict[tuple[str, str], str] = {}  # base URI and name -> pointer
        self._dynamic: dict[str, list[str]] = {}  # name of a $dynamicAnchor -> every place that has it
        self._recursive: list[str] = [""]  # the root and every place with $recursiveAnchor
        self._values: dict[str, JsonValue] = {}
        self._learn("", source.value, "")

    def value_at(self, pointer: str) -> JsonValue:
        return self._values[pointer]

    def targets(self, pointer: str, keyword: str, reference: JsonValue) -> Iterator[str]:
        """Every subschema that the reference at ``pointer`` may lead to. Raises ContractError."""
        if not isinstance(reference, str):
            return  # the meta-schema refuses it
        here = pointers.join(pointer, keyword)
        static = self._static(self._base(pointer), reference, here)
        name = urldefrag(reference).fragment
        if keyword == "$dynamicRef" and name in self._dynamic:
            yield from dict.fromkeys([static, *self._dynamic[name]])
        elif keyword == "$recursiveRef":
            yield from dict.fromkeys([static, *self._recursive])
        else:
            yield static

    def _static(self, base: str, reference: str, here: str) -> str:
        try:
            uri, fragment = urldefrag(urljoin(base, reference))
        except ValueError:
            raise self._unresolved(reference, here) from None
        if uri not in self._resources:
            raise self._source.error(
                ErrorCode.REFERENCE_REMOTE,
                f"{shorten(reference)} leads out of the schema and is never fetched: "
                "put the definition under $defs and refer to it as #/$defs/<name>",
                here,
            )
        resource = self._resources[uri]
        if not fragment:
            return resource
        if not fragment.startswith("/"):
            if (uri, fragment) not in self._anchors:
                raise self._unresolved(reference, here)
            return self._anchors[uri, fragment]
        target = resource + unquote(fragment)
        if target not in self._values and not self._reach(resource, target):
            raise self._unresolved(reference, here)
        return target

    def _unresolved(self, reference: str, here: str) -> ContractError:
        message = f"{shorten(reference)} leads nowhere: define it in this schema or correct the reference"
        return self._source.error(ErrorCode.REFERENCE_UNRESOLVED, message, here)

    def _base(self, pointer: str) -> str:
        while pointer not in self._bases:
            pointer = pointer.rpartition("/")[0]
        return self._bases[pointer]

    def _reach(self, resource: str, target: str) -> bool:
        """Learn a target that stands where no keyword of the draft holds a schema."""
        value = self._values[resource]
        for token in pointers.split(target[len(resource) :]):
            if isinstance(value, dict) and token in value:
                value = value[token]
            elif isinstance(value, list) and token.isdecimal() and int(token) < len(value):
                value = value[int(token)]
            else:
                return False
        if not isinstance(value, dict | bool):
            return False
        self._learn(target, value, self._base(target))
        return True

    def _learn(self, pointer: str, value: JsonValue, base: str) -> None:
        pending = [(pointer, value, base)]
        while pending:
            here, schema, around = pending.pop()
            if here in self._values:
                continue
            self._values[here] = schema
            self._bases[here] = own = self._own_base(here, schema, around)
            if not isinstance(schema, dict):
                continue
            self._learn_anchors(here, schema, own)
            for keyword, operand in schema.items():
                for _, token, below in dialect.applied(self._draft, keyword, operand):
                    tokens = () if token is None else (token,)
                    pending.append((pointers.join(here, keyword, *tokens), below, own))

    def _own_base(self, pointer: str, schema: JsonValue, around: str) -> str:
        if not pointer:
            self._resources[""] = pointer  # whatever it calls itself, the whole schema answers to "#"
        if not isinstance(schema, dict) or (self._draft.old and "$ref" in schema):
            return around
        identifier = schema.get("id" if self._draft is Draft.D4 else "$id")
        if not isinstance(identifier, str) or identifier.startswith("#"):
            return around
        try:
            own = urldefrag(urljoin(around, identifier)).url
        except ValueError:
            message = f"{shorten(identifier)} is not a URI"
            raise self._source.error(ErrorCode.INVALID, message, pointers.join(pointer, "$id")) from None
        self._resources[own] = pointer
        return own

    def _learn_anchors(self, pointer: str, schema: dict[str, JsonValue], base: str) -> None:
        old_style = schema.get("id" if self._draft is Draft.D4 else "$id")
        if self._draft.old and isinstance(old_style, str) and old_style.startswith("#"):
            self._anchors[base, old_style[1:]] = pointer
        for keyword in ("$anchor", "$dynamicAnchor"):
            name = schema.get(keyword)
            if isinstance(name, str) and not self._draft.old:
                self._anchors[base, name] = pointer
                if keyword == "$dynamicAnchor":
                    self._dynamic.setdefault(name, []).append(pointer)
        if schema.get("$recursiveAnchor") is True:
            self._recursive.append(pointer)
