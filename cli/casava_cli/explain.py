"""``casava explain``: what a CasavaModel of the cluster is doing, and why it is not ready."""

from typing import Any

import click

from casava_cli.explain_text import explanation
from casava_wire import labels

_TIMEOUT = 15  # seconds
_NOT_FOUND = 404
_FORBIDDEN = (401, 403)


@click.command()
@click.argument("name")
@click.option("-n", "--namespace", help="Namespace of the model. Default: that of the kubeconfig's context.")
@click.option("--context", help="Context of the kubeconfig.")
@click.option("--kubeconfig", type=click.Path(dir_okay=False), help="Kubeconfig file. Default: $KUBECONFIG.")
def explain(name: str, namespace: str | None, context: str | None, kubeconfig: str | None) -> None:
    """Print what the CasavaModel NAME is doing: its conditions and, when something is wrong, the cause, what was seen
    and what to do about it.
    """
    click.echo(explanation(_fetch(name, namespace, context, kubeconfig)), nl=False)


def _fetch(name: str, namespace: str | None, context: str | None, kubeconfig: str | None) -> dict[str, Any]:
    # The client takes a third of a second to import, which the other commands need not wait for.
    from kubernetes import client  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    settings, own = _configuration(context, kubeconfig)
    settings.retries = False
    chosen = namespace or own
    api = client.CustomObjectsApi(client.ApiClient(settings))
    try:
        found: Any = api.get_namespaced_custom_object(
            labels.GROUP, labels.VERSION, chosen, labels.PLURAL, name, _request_timeout=_TIMEOUT
        )
    except client.ApiException as error:
        raise click.ClickException(_refusal(error.status, name, chosen)) from None
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


def _refusal(status: int | None, name: str, namespace: str) -> str:
    if status == _NOT_FOUND:
        return (
            f"there is no CasavaModel {name!r} in namespace {namespace!r}: 'kubectl get casava -A' lists all, "
            "and fails where Casava is not installed"
        )
    if status in _FORBIDDEN:
        return f"you may not read CasavaModels in namespace {namespace!r}: ask for the verb get on {labels.PLURAL}"
    return f"the API server answered {status}"
