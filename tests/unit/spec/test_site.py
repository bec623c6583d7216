"""The settings of an installation are read whole, or refused with their name."""

import pytest

from casava_operator.errors import InvalidSpec
from casava_operator.site import Site, parse_site


@pytest.mark.parametrize("text", ["", "{}", "# nothing\n"])
def test_an_empty_file_is_the_usual_installation(text: str) -> None:
    assert parse_site(text) == Site()


def test_every_setting_is_read() -> None:
    site = parse_site(
        """
        images: {sidecar: a/sidecar:1, runtimeCpu: a/runtime:1}
        imagePullPolicy: Never
        imagePullSecrets: [one]
        operatorNamespace: platform
        operatorLabels: {app: casava}
        prometheus: [{namespaceSelector: {matchLabels: {team: metrics}}}]
        networkPolicies: false
        upgrade: {maxConcurrent: 3}
        autoscaling: {stabilizationSeconds: 5}
        """
    )
    assert site.images.runtime_cpu == "a/runtime:1"
    assert site.operator_labels == {"app": "casava"}
    assert site.prometheus[0].namespace_selector is not None
    assert (site.upgrade.max_concurrent, site.autoscaling.stabilization_seconds) == (3, 5)
    assert not site.network_policies


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: [", "site"),
        ("[]", "site"),
        ("prometheus: [{podSelector: {matchLabel: {}}}]", "site.prometheus.0.podSelector.matchLabel"),
        ("image: {}", "site.image"),
        ("upgrade: {maxConcurrent: 0}", "site.upgrade.maxConcurrent"),
        ("imagePullPolicy: Sometimes", "site.imagePullPolicy"),
        ("prometheus: [{}]", "site.prometheus.0"),
    ],
)
def test_a_wrong_setting_is_named(text: str, path: str) -> None:
    with pytest.raises(InvalidSpec) as refused:
        parse_site(text)
    assert refused.value.path == path
