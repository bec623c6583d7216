"""``casava plan``: every object that a CasavaModel becomes, without a cluster."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar

import click
import yaml

from casava_operator.contracts.check import check, check_contract
from casava_operator.contracts.entries import resolve
from casava_operator.errors import InvalidSpec
from casava_operator.place import Fleet, Placement, place
from casava_operator.plan import BACKEND, Plan, as_yaml
from casava_operator.plan import plan as plan_model
from casava_operator.site import Site, parse_site
from casava_operator.spec import CasavaModel, OutputContract, OutputContractSpec, parse_contract_file, parse_file
from casava_operator.spec.contracts import object_name
from casava_wire import labels

T = TypeVar("T")

_MAX_BYTES = 4 * 1024 * 1024


Contracts = Mapping[tuple[str, str], OutputContractSpec]  # by namespace and contract@version


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
    help="YAML or JSON file with CasavaModels, and the OutputContracts that they refer to; '-' reads standard input. "
    "May be given more than once.",
)
@click.option("-n", "--namespace", default="default", show_default=True, help="Namespace of objects that name none.")
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
    found = [(where, _in_namespace(body, namespace)) for file in files for where, body in _documents(file)]
    contracts = _contracts([each for each in found if each[1].get("kind") == labels.CONTRACT_KIND])
    planned = [
        _planned(where, body, contracts, site) for where, body in found if body.get("kind") != labels.CONTRACT_KIND
    ]
    if not planned and not contracts:
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


def _contracts(found: Sequence[tuple[str, Mapping[str, Any]]]) -> Contracts:
    """The OutputContracts of the files, each compiled."""
    contracts: dict[tuple[str, str], OutputContractSpec] = {}
    for where, body in found:
        contract = _or_exit(where, partial(_contract, body))
        contracts[contract.namespace, contract.spec.reference] = contract.spec
    return contracts


def _contract(body: Mapping[str, Any]) -> OutputContract:
    contract = parse_contract_file(body)
    check_contract(contract)
    return contract


def _planned(where: str, body: Mapping[str, Any], contracts: Contracts, site: Site) -> _Planned:
    def accepted() -> tuple[CasavaModel, Placement]:
        parsed = parse_file(body)
        model = resolve(parsed, {}, lambda reference: _look(contracts, parsed, reference))
        check(model, BACKEND)
        return model, place(model, Fleet(), None)

    model, placement = _or_exit(where, accepted)
    fixed, scaling = model.spec.replicas, model.spec.scaling
    replicas = scaling.min_replicas if fixed is None else fixed
    return _Planned(model, placement, plan_model(model, placement, site, replicas=replicas))


def _look(contracts: Contracts, model: CasavaModel, reference: str) -> OutputContractSpec:
    found = contracts.get((model.namespace, reference))
    if found is None:
        name = object_name(reference)
        raise InvalidSpec(
            "spec.contracts",
            f"{reference} is OutputContract {name}, and the files do not have it in namespace {model.namespace}: give "
            f"its file with -f too (kubectl get contract {name} -o yaml writes one)",
        )
    return found


def _or_exit(where: str, work: Callable[[], T]) -> T:
    """What ``work`` gives; a spec that is refused ends the command with where it was."""
    try:
        return work()
    except InvalidSpec as error:
        raise click.ClickException(f"{where}: {error}") from None


def _in_namespace(body: Mapping[str, Any], namespace: str) -> Mapping[str, Any]:
    metadata = body.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("namespace"):
        return body
    return {**body, "metadata": {**metadata, "namespace": namespace}}


def _headline(planned: _Planned) -> str:
    gpu = f"on {planned.placement.summary}" if planned.placement.count else "on CPUs"
    return f"# {planned.model.key} {gpu}: {len(planned.plan.objects)} objects"
