"""``casava explain``: what a CasavaModel of the cluster is doing, or what an OutputContract is worth, and why."""

from typing import Any, NamedTuple

import click

from casava_cli.explain_contract import contract_explanation
from casava_cli.explain_text import explanation
from casava_operator.spec.contracts import object_name
from casava_wire import labels

_TIMEOUT = 15  # seconds
_NOT_FOUND = 404
_FORBIDDEN = (401, 403)


class _Kind(NamedTuple):
    kind: str
    plural: str
    short: str


_MODELS = _Kind(labels.KIND, labels.PLURAL, "casava")
_CONTRACTS = _Kind(labels.CONTRACT_KIND, labels.CONTRACT_PLURAL, "contract")


@click.command()
@click.argument("name")
@click.option("-n", "--namespace", help="Namespace of the model. Default: that of the kubeconfig's context.")
@click.option("--context", help="Context of the kubeconfig.")
@click.option("--kubeconfig", type=click.Path(dir_okay=False), help="Kubeconfig file. Default: $KUBECONFIG.")
def explain(name: str, namespace: str | None, context: str | None, kubeconfig: str | None) -> None:
    """Print what the CasavaModel NAME is doing: its conditions and, when something is wrong, the cause, what was seen
    and what to do about it. For a NAME such as invoice@3: what that OutputContract is worth, and who uses it.
    """
    of_contract = "@" in name
    what = _CONTRACTS if of_contract else _MODELS
    body = _fetch(what, object_name(name) if of_contract else name, namespace, context, kubeconfig)
    click.echo(contract_explanation(body) if of_contract else explanation(body), nl=False)


def _fetch(
    what: _Kind, name: str, namespace: str | None, context: str | None, kubeconfig: str | None
) -> dict[str, Any]:
    # The client takes a third of a second to import, which the other commands need not wait for.
    from kubernetes import client  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    settings, own = _configuration(context, kubeconfig)
    settings.retries = False
    chosen = namespace or own
    api = client.CustomObjectsApi(client.ApiClient(settings))
    try:
        found: Any = api.get_namespaced_custom_object(
            labels.GROUP, labels.VERSION, chosen, what.plural, name, _request_timeout=_TIMEOUT
        )
    except client.ApiException as error:
        raise click.ClickException(_refusal(what, error.status, name, chosen)) from None
    except HTTPError as error:
        raise click.ClickException(f"the API server {settings.host} does not answer: {error}") from None
    return dict(found)


def _configuration(context: str | None, kubeconfig: str | None) -> tuple[Any, str]:
    """The client's settings and the namespace of the context."""
    from kubernetes import client  # noqa: PLC0415
    from kubernetes import config as untyped  # noqa: PLC0415

    config: Any = untyped
    settings = client.Configuration()
    try:
        config.load_kube_config(kubeconfig, context=context, client_configuration=settings)
        contexts, current = config.list_kube_config_contexts(kubeconfig)
    except config.ConfigException as error:
        reason = str(error).rstrip(".")
        raise click.ClickException(f"no cluster to ask: {reason}. Set KUBECONFIG or give --kubeconfig") from None
    chosen = next((each for each in contexts if each["name"] == context), current)
    return settings, str(chosen["context"].get("namespace") or "default")


def _refusal(what: _Kind, status: int | None, name: str, namespace: str) -> str:
    if status == _NOT_FOUND:
        return (
            f"there is no {what.kind} {name!r} in namespace {namespace!r}: 'kubectl get {what.short} -A' lists all, "
            "and fails where Casava is not installed"
        )
    if status in _FORBIDDEN:
        return f"you may not read {what.kind}s in namespace {namespace!r}: ask for the verb get on {what.plural}"
    return f"the API server answered {status}"
