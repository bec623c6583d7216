"""Peers of a NetworkPolicy, as far as CasavaModel takes them: labels, namespaces and address blocks."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from casava_operator.spec_base import Rule, SpecModel

LabelKey = Annotated[str, Field(min_length=1, max_length=317)]
LabelValue = Annotated[str, Field(max_length=63)]
Cidr = Annotated[str, Field(min_length=3, max_length=49)]


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


class LabelSelector(SpecModel):
    """A label selector; an empty one selects everything."""

    match_labels: Annotated[
        dict[LabelKey, LabelValue], Field(max_length=32, description="Labels that must be equal.")
    ] = Field(default_factory=dict)
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
