"""Where references lead: inside the schema's own text, or into a resource given with it. Nothing is ever fetched."""

from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urldefrag, urljoin

from casava_contract.errors import ContractError, ErrorCode, shorten
from casava_contract.schema import dialect
from casava_contract.schema.dialect import REFERENCES, Draft
from casava_contract.source import pointers
from casava_contract.source.jsontext import JsonValue
from casava_contract.source.reading import Source


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
        self._unread: list[tuple[str, str]] = []  # pointer and reference, of those met but not looked at
        self.loaded: dict[str, JsonValue] = {}  # the resources that something refers to
        self._learn("", source.value, "")
        self._load()

    def value_at(self, pointer: str) -> JsonValue:
        return self._values[pointer]

    def targets(self, pointer: str, keyword: str, reference: JsonValue) -> Iterator[str]:
        """Every subschema that the reference at ``pointer`` may lead to. Raises ContractError."""
        if not isinstance(reference, str):
            return  # the meta-schema refuses it
        here = pointers.join(pointer, keyword)
        self._refuse_two_bases(reference, here)
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
            uri, fragment = urldefrag(_join(base, reference))
        except ValueError:
            raise self._unresolved(reference, here) from None
        if uri not in self._resources:
            raise self._source.error(
                ErrorCode.REFERENCE_REMOTE,
                f"{shorten(reference)} leads out of the schema and is never fetched: "
                "put the definition under $defs and refer to it as #/$defs/<name>, or give it with the schema",
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

    def _load(self) -> None:
        """Learn the resources that references lead to, before any is followed: a dynamic one may lead anywhere."""
        while self._unread and self._source.resources:
            pointer, reference = self._unread.pop()
            try:
                uri = urldefrag(_join(self._base(pointer), reference)).url
            except ValueError:
                continue  # said where it is followed
            if uri not in self._resources:
                self._find(uri)

    def _find(self, uri: str) -> None:
        given = self._source.resources
        if uri in given:
            self._add(uri)
            return
        for name in _naming(given, uri):  # a resource may call itself otherwise than it was given
            self._add(name)

    def _add(self, uri: str) -> None:
        if uri not in self.loaded:
            self.loaded[uri] = value = self._source.resources[uri]
            self._resources[uri] = f"{uri}#"
            self._learn(f"{uri}#", value, uri)

    def _refuse_two_bases(self, reference: str, here: str) -> None:
        """jsonschema-rs resolves what is relative by the URI of the resource, the specification by its $id."""
        uri = "" if here.startswith("/") else here.partition("#")[0]
        own = self._bases[f"{uri}#"] if uri else ""
        if own != uri and not reference.startswith("#") and _join(own, reference) != _join(uri, reference):
            message = f"{shorten(reference)} is relative in a resource of two names: give it as {shorten(own)}"
            raise self._source.error(ErrorCode.INVALID, message, here)

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
        self._load()
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
            self._unread.extend((here, word) for key in REFERENCES if isinstance(word := schema.get(key), str))
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


def _join(base: str, reference: str) -> str:
    """As RFC 3986 has it; urljoin knows nothing of the fragments of a URN."""
    return f"{base}{reference}" if reference.startswith("#") else urljoin(base, reference)


def _naming(resources: Mapping[str, JsonValue], uri: str) -> Iterator[str]:
    """The resources with a subschema that names itself ``uri``."""
    for name, value in resources.items():
        pending: list[tuple[JsonValue, str]] = [(value, name)]
        while pending:
            part, base = pending.pop()
            if isinstance(part, dict):
                identifier = part.get("$id", part.get("id"))
                own = _joined(base, identifier) if isinstance(identifier, str) else base
                if own == uri:
                    yield name
                    break
                pending.extend((below, own) for below in part.values())
            elif isinstance(part, list):
                pending.extend((below, base) for below in part)


def _joined(base: str, identifier: str) -> str:
    try:
        return urldefrag(urljoin(base, identifier)).url
    except ValueError:
        return base
