"""Labels, and peers of a NetworkPolicy as far as CasavaModel takes them: labels, namespaces, address blocks."""

import re
from ipaddress import ip_network
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from casava_operator.spec.base import RULES_KEY, Rule, SpecModel

LabelKey = Annotated[str, Field(min_length=1, max_length=317)]
LabelValue = Annotated[str, Field(max_length=63)]

_KEY = "([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_VALUE = "([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?"


class AreLabels:
    """A map whose keys are label keys and, unless told otherwise, whose values are label values.

    Not said in CEL: the API server takes a map's keys to be of any length, and finds the rule too costly.
    """

    message: ClassVar[str] = (
        "write labels as Kubernetes has them: at most 63 letters, digits, '-', '_' and '.', beginning and ending with "
        "a letter or digit; a key may have a DNS name and '/' in front"
    )

    def __init__(self, *, values: bool = True) -> None:
        self.values = values

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(labels: dict[str, str]) -> dict[str, str]:
            for key, value in labels.items():
                if not re.fullmatch(_KEY, key) or (self.values and not re.fullmatch(_VALUE, value)):
                    raise PydanticCustomError("labels", "{reason}", {"reason": self.message})
            return labels

        return core_schema.no_info_after_validator_function(check, handler(source))


LabelMap = Annotated[dict[LabelKey, LabelValue], Field(max_length=32), AreLabels()]


class IsCidr:
    """A block of addresses in CIDR notation. CEL checks its form alone, since Kubernetes 1.29 cannot do more."""

    message: ClassVar[str] = (
        "write a block of addresses such as 10.0.0.0/8 or 2001:db8::/64, its first address before the '/'"
    )

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def check(text: str) -> str:
            try:
                ip_network(text)
            except ValueError:
                raise PydanticCustomError("cidr", "{reason}", {"reason": self.message}) from None
            if "/" not in text:
                raise PydanticCustomError("cidr", "{reason}", {"reason": self.message})
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        rule = {"rule": "self.matches('^[0-9a-fA-F:.]+/[0-9]{1,3}$')", "message": self.message}
        return {**handler(core), RULES_KEY: [rule]}


Cidr = Annotated[str, Field(min_length=3, max_length=49), IsCidr()]


class SelectorExpression(SpecModel):
    """One requirement on a label."""

    key: Annotated[LabelKey, Field(description="Label key.")]
    operator: Annotated[
        Literal["In", "NotIn", "Exists", "DoesNotExist"], Field(description="How the values relate to the label.")
    ]
    values: Annotated[
        tuple[LabelValue, ...],
        Field(max_length=32, description="Values for In and NotIn; absent for Exists and DoesNotExist."),
    ] = ()

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
            "give values with In and NotIn, and none with Exists and DoesNotExist",
            lambda e: (e.operator in ("In", "NotIn")) == bool(e.values),
            "values",
        ),
    )

    @model_validator(mode="after")
    def _are_labels(self) -> Self:
        """Not said in CEL, for its cost over all peers."""
        for field, right in (
            ("key", re.fullmatch(_KEY, self.key)),
            ("values", all(re.fullmatch(_VALUE, value) for value in self.values)),
        ):
            if not right:
                raise PydanticCustomError("rule", "{reason}", {"reason": AreLabels.message, "field": field})
        return self


class LabelSelector(SpecModel):
    """A label selector; an empty one selects everything."""

    match_labels: Annotated[LabelMap, Field(description="Labels that must be equal.")] = Field(default_factory=dict)
    match_expressions: Annotated[
        tuple[SelectorExpression, ...], Field(max_length=16, description="Requirements that must all hold.")
    ] = ()


class IpBlock(SpecModel):
    """A block of addresses."""

    cidr: Annotated[Cidr, Field(description="Block of addresses, such as 10.0.0.0/8 or 2001:db8::/64.")]
    except_: Annotated[
        tuple[Cidr, ...],
        Field(alias="except", max_length=16, description="Blocks inside cidr that are left out."),
    ] = ()

    @model_validator(mode="after")
    def _except_is_inside(self) -> Self:
        """Not said in CEL, since Kubernetes 1.29 knows no addresses there."""
        whole = ip_network(self.cidr)
        for text in self.except_:
            part = ip_network(text)
            inside = part.version == whole.version and part.network_address in whole
            if not inside or part.prefixlen <= whole.prefixlen:
                reason = f"{text} is not a smaller block inside {self.cidr}: leave out blocks of cidr alone"
                raise PydanticCustomError("rule", "{reason}", {"reason": reason, "field": "except"})
        return self


class NetworkPeer(SpecModel):
    """One peer: either an address block, or pods by selectors."""

    pod_selector: Annotated[
        LabelSelector | None,
        Field(description="Pods by label, in this namespace or in those that namespaceSelector selects."),
    ] = None
    namespace_selector: Annotated[
        LabelSelector | None, Field(description="Namespaces by label; an empty selector selects all.")
    ] = None
    ip_block: Annotated[IpBlock | None, Field(description="Addresses; excludes the two selectors.")] = None

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.ipBlock) != (has(self.podSelector) || has(self.namespaceSelector))",
            "give either ipBlock, or podSelector and/or namespaceSelector",
            lambda p: (p.ip_block is not None) != (p.pod_selector is not None or p.namespace_selector is not None),
        ),
    )
