"""``casava plan``: every object that a CasavaModel becomes, without a cluster."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click
import yaml

from casava_operator.errors import InvalidSpec
from casava_operator.place import Fleet, Placement, place
from casava_operator.plan import Plan, as_yaml
from casava_operator.plan import plan as plan_model
from casava_operator.site import Site, parse_site
from casava_operator.spec import CasavaModel, parse_file

_MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class _Planned:
    model: CasavaModel
    placement: Placement
    plan: Plan


@click.command()
@click.option(
    "-f",
    "--filename",
    "files",
    type=click.File("rb"),
    multiple=True,
    required=True,
    help="YAML or JSON file with CasavaModels; '-' reads standard input. May be given more than once.",
)
@click.option("-n", "--namespace", default="default", show_default=True, help="Namespace of models that name none.")
@click.option(
    "--site",
    "site_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings of the installation, as the chart writes them (site.yaml). Without it: the chart's defaults.",
)
def plan(files: tuple[IO[bytes], ...], namespace: str, site_file: Path | None) -> None:
    """Print every object that would be applied for the CasavaModels in the files. Needs no cluster.

    The replicas are spec.replicas, else scaling.minReplicas. Owner references are missing: they name the uid that the
    API server gives to each model.
    """
    site = _site(site_file)
    planned = [_planned(where, body, namespace, site) for file in files for where, body in _documents(file)]
    if not planned:
        raise click.ClickException("the files hold no CasavaModel")
    for each in planned:
        click.echo("---")
        click.echo(_headline(each))
        click.echo(as_yaml(each.plan.objects), nl=False)


def _site(file: Path | None) -> Site:
    if file is None:
        return Site()
    try:
        return parse_site(file.read_text(encoding="utf-8"))
    except InvalidSpec as error:
        raise click.ClickException(f"{file}: {error}") from None


def _documents(file: IO[bytes]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each document of a file, with a name for it in messages."""
    name = str(getattr(file, "name", "-"))
    text = file.read(_MAX_BYTES + 1)
    if len(text) > _MAX_BYTES:
        raise click.ClickException(f"{name}: is larger than {_MAX_BYTES // 2**20} MiB")
    try:
        documents = list(yaml.safe_load_all(text))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{name}: is no YAML: {error}") from None
    for index, document in enumerate(documents):
        where = name if len(documents) == 1 else f"{name}, document {index + 1}"
        if document is None:
            continue
        if not isinstance(document, Mapping):
            raise click.ClickException(f"{where}: is no object")
        yield where, document


def _planned(where: str, body: Mapping[str, Any], namespace: str, site: Site) -> _Planned:
    try:
        model = parse_file(_in_namespace(body, namespace))
        placement = place(model, Fleet(), None)
    except InvalidSpec as error:
        raise click.ClickException(f"{where}: {error}") from None
    fixed, scaling = model.spec.replicas, model.spec.scaling
    replicas = scaling.min_replicas if fixed is None else fixed
    return _Planned(model, placement, plan_model(model, placement, site, replicas=replicas))


def _in_namespace(body: Mapping[str, Any], namespace: str) -> Mapping[str, Any]:
    metadata = body.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("namespace"):
        return body
    return {**body, "metadata": {**metadata, "namespace": namespace}}


def _headline(planned: _Planned) -> str:
    gpu = f"on {planned.placement.summary}" if planned.placement.count else "on CPUs"
    return f"# {planned.model.key} {gpu}: {len(planned.plan.objects)} objects"
