"""What a user may set on the pods of a model. The list is closed: never selectors, never the security context."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from casava_operator.spec.base import Matches, Rule, SpecModel
from casava_operator.spec.peers import AreLabels, LabelKey, LabelMap
from casava_operator.spec.units import Quantity, amount

_OURS = ("casava.dev/", "app.kubernetes.io/")
ObjectName = Annotated[str, Field(min_length=1, max_length=253)]
AnnotationMap = Annotated[
    dict[LabelKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32), AreLabels(values=False)
]
ResourceMap = Annotated[dict[Annotated[str, Field(min_length=1, max_length=253)], Quantity], Field(max_length=16)]


class KeyReference(SpecModel):
    """One key of a Secret or ConfigMap of the same namespace."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]
    key: Annotated[str, Field(min_length=1, max_length=253, description="Key inside the object.")]
    optional: Annotated[bool | None, Field(description="Start the pod even when the object or key is missing.")] = None


class EnvSource(SpecModel):
    """Where the value of a variable comes from."""

    secret_key_ref: Annotated[KeyReference | None, Field(description="A key of a Secret.")] = None
    config_map_key_ref: Annotated[KeyReference | None, Field(description="A key of a ConfigMap.")] = None

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "has(self.secretKeyRef) != has(self.configMapKeyRef)",
            "give either secretKeyRef or configMapKeyRef",
            lambda s: (s.secret_key_ref is None) != (s.config_map_key_ref is None),
        ),
    )


class EnvVar(SpecModel):
    """An environment variable of the engine container."""

    name: Annotated[
        str,
        Field(
            min_length=1, max_length=128, description="Name of the variable; those that begin with CASAVA_ are taken."
        ),
        Matches(r"[A-Za-z_][A-Za-z0-9_]*", "write letters, digits and underscores, not beginning with a digit"),
    ]
    value: Annotated[str | None, Field(max_length=4096, description="The value, as it is.")] = None
    value_from: Annotated[EnvSource | None, Field(description="Where the value comes from.")] = None

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!(has(self.value) && has(self.valueFrom))",
            "give either value or valueFrom",
            lambda e: e.value is None or e.value_from is None,
        ),
        Rule(
            "!self.name.startsWith('CASAVA_')",
            "names that begin with CASAVA_ are Casava's own: choose another",
            lambda e: not e.name.startswith("CASAVA_"),
            "name",
        ),
    )


class Toleration(SpecModel):
    """A taint of nodes that the pods tolerate."""

    key: Annotated[str | None, Field(max_length=317, description="Key of the taint; absent for every taint.")] = None
    operator: Annotated[
        Literal["Exists", "Equal"] | None, Field(description="Exists, or Equal to value. When absent: Equal.")
    ] = None
    value: Annotated[str | None, Field(max_length=63, description="Value of the taint.")] = None
    effect: Annotated[
        Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None,
        Field(description="Effect of the taint; absent for every effect."),
    ] = None
    toleration_seconds: Annotated[
        int | None, Field(ge=0, le=86_400, description="How long a NoExecute taint is tolerated.")
    ] = None

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(has(self.key) && self.key != '') || (has(self.operator) && self.operator == 'Exists')",
            "give key, or operator Exists to tolerate every taint",
            lambda t: bool(t.key) or t.operator == "Exists",
            "key",
        ),
        Rule(
            "!has(self.value) || self.value == '' || !has(self.operator) || self.operator != 'Exists'",
            "operator Exists takes no value: remove one of the two",
            lambda t: not t.value or t.operator != "Exists",
            "value",
        ),
        Rule(
            "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
            "tolerationSeconds needs the effect NoExecute",
            lambda t: t.toleration_seconds is None or t.effect == "NoExecute",
            "tolerationSeconds",
        ),
    )


class Resources(SpecModel):
    """Resources of one container. What is given replaces Casava's default of the same resource."""

    requests: Annotated[ResourceMap, Field(description="What the container is sure to get.")] = Field(
        default_factory=dict
    )
    limits: Annotated[ResourceMap, Field(description="What the container may use at most.")] = Field(
        default_factory=dict
    )

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "(!has(self.requests) || self.requests.all(k, !k.startsWith('nvidia.com/')))"
            " && (!has(self.limits) || self.limits.all(k, !k.startsWith('nvidia.com/')))",
            "GPUs are asked for in spec.placement, not here",
            lambda r: not any(k.startswith("nvidia.com/") for k in (*r.requests, *r.limits)),
        ),
        Rule(
            "!has(self.requests) || !has(self.limits) || self.requests.all(k, !(k in self.limits) || "
            "!isQuantity(string(self.requests[k])) || !isQuantity(string(self.limits[k])) || "
            "quantity(string(self.requests[k])).compareTo(quantity(string(self.limits[k]))) <= 0)",
            "a request is above its limit: lower the request or raise the limit",
            lambda r: all(amount(q) <= amount(r.limits[k]) for k, q in r.requests.items() if k in r.limits),
            "requests",
        ),
    )


class ContainerTemplate(SpecModel):
    """What may be set on one container."""

    resources: Annotated[Resources, Field(description="CPU, memory and other resources of the container.")] = (
        Resources()
    )


class LocalReference(SpecModel):
    """An object of the same namespace."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]


class Template(SpecModel):
    """What may be set on the pods."""

    labels: Annotated[
        LabelMap,
        Field(description="Further labels of the pods; casava.dev/ and app.kubernetes.io/ are taken."),
    ] = Field(default_factory=dict)
    annotations: Annotated[
        Annotated[
            dict[LabelKey, Annotated[str, Field(max_length=4096)]], Field(max_length=32), AreLabels(values=False)
        ],
        Field(description="Further annotations of the pods; casava.dev/ is taken."),
    ] = Field(default_factory=dict)
    node_selector: Annotated[LabelMap, Field(description="Labels that a node must have.")] = Field(default_factory=dict)
    tolerations: Annotated[
        tuple[Toleration, ...],
        Field(max_length=32, description="Further taints that the pods tolerate; those of GPU nodes are known."),
    ] = ()
    env: Annotated[
        tuple[EnvVar, ...],
        Field(
            max_length=64,
            description="Environment variables of the engine container.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = ()
    engine: Annotated[
        ContainerTemplate,
        Field(
            description="The engine container. By default it requests 250m CPU and 512Mi memory and has no limit: "
            "request what the model takes."
        ),
    ] = ContainerTemplate()
    sidecar: Annotated[
        ContainerTemplate,
        Field(
            description="The sidecar container. By default it requests 50m CPU and 128Mi memory, at most 512Mi memory."
        ),
    ] = ContainerTemplate()
    image_pull_secrets: Annotated[
        tuple[LocalReference, ...],
        Field(
            max_length=16,
            description="Secrets of the same namespace with which images are pulled.",
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
    ] = ()
    priority_class_name: Annotated[
        str | None, Field(min_length=1, max_length=253, description="PriorityClass of the pods.")
    ] = None
    runtime_class_name: Annotated[
        str | None, Field(min_length=1, max_length=253, description="RuntimeClass of the pods, such as nvidia.")
    ] = None

    rules: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.labels) || self.labels.all(k, !k.startsWith('casava.dev/') && "
            "!k.startsWith('app.kubernetes.io/'))",
            "labels in casava.dev/ and app.kubernetes.io/ are Casava's own: choose another prefix",
            lambda t: not any(k.startswith(_OURS) for k in t.labels),
            "labels",
        ),
        Rule(
            "!has(self.annotations) || self.annotations.all(k, !k.startsWith('casava.dev/'))",
            "annotations in casava.dev/ are Casava's own: choose another prefix",
            lambda t: not any(k.startswith(_OURS[0]) for k in t.annotations),
            "annotations",
        ),
    )
